"""One blocking read of a web process for all the token logs that its sockets follow.

A read for each reply would cost most of the process's time: continuous batching gives every running reply its next
token at the same moment, so one read brings them all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

import redis.asyncio as redis
from redis.exceptions import RedisError

from chat.token_log import KEY_PREFIX, Entry, LogCursor, list_streams, load_entry, log_key

logger = logging.getLogger(__name__)

READ_BLOCK_MS: Final = 2_000
READ_ENTRIES: Final = 500
RETRY_SECONDS: Final = 0.25
WAKE_SECONDS: Final = 60
BEGINNING: Final = "0"


class LogReader:
    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._queues: defaultdict[str, set[asyncio.Queue[list[Entry]]]] = defaultdict(set)
        self._positions: dict[str, str] = {}  # stream → the id up to which it has been read
        self._wake_key = f"{KEY_PREFIX}wake:{uuid4()}"
        self._task: asyncio.Task[None] | None = None

    async def follow(self, reply_id: UUID, cursor: LogCursor) -> AsyncGenerator[list[Entry], None]:
        """Yield what the log holds and what is added, in batches, until the end entry of the newest attempt.

        Outlives a Valkey that goes away and returns. Entries may come again: the cursor, which the caller moves,
        knows which are new.
        """
        key, queue = log_key(reply_id), asyncio.Queue[list[Entry]]()
        self._queues[key].add(queue)
        self._positions[key] = BEGINNING  # for the newcomer; the others skip what they have
        await self._wake()
        try:
            while True:
                entries = await queue.get()
                yield entries
                if any(_is_whole(entry, cursor) for entry in entries):
                    return
        finally:
            self._leave(key, queue)

    def _leave(self, key: str, queue: asyncio.Queue[list[Entry]]) -> None:
        self._queues[key].discard(queue)
        if not self._queues[key]:
            del self._queues[key]
            self._positions.pop(key, None)

    async def _wake(self) -> None:
        """Make the read that is under way return, so that the next one includes the newcomer."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            return
        # Valkey away: the reading task notices by itself, and starts over with whoever is there.
        with suppress(RedisError, OSError):
            pipe = self.client.pipeline(transaction=False)
            pipe.xadd(self._wake_key, {"w": 1}, maxlen=1, approximate=False)
            pipe.expire(self._wake_key, WAKE_SECONDS)
            await pipe.execute()

    async def _run(self) -> None:
        woken_at = BEGINNING
        while self._positions:
            asked = {**self._positions, self._wake_key: woken_at}
            try:
                answer = await self.client.xread(asked, count=READ_ENTRIES, block=READ_BLOCK_MS)  # type: ignore[arg-type]
            except (RedisError, OSError) as error:
                logger.info("token logs away (%s)", type(error).__name__)
                # The server may come back with fewer entries than it had.
                self._positions = dict.fromkeys(self._positions, BEGINNING)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for key, rows in list_streams(answer):
                if key == self._wake_key:
                    woken_at = rows[-1][0]
                    continue
                if self._positions.get(key) == asked[key] and key in self._queues:
                    self._positions[key] = rows[-1][0]
                self._hand_out(key, [load_entry(fields) for _, fields in rows])

    def _hand_out(self, key: str, entries: list[Entry]) -> None:
        for queue in self._queues.get(key, ()):
            queue.put_nowait(entries)

    async def close(self) -> None:
        """Only once nobody follows any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.aclose()


def _is_whole(entry: Entry, cursor: LogCursor) -> bool:
    """The entry ends the newest attempt, and the reader has everything before it."""
    is_newest = entry.is_end and entry.attempt >= cursor.attempt
    return is_newest and entry.offset + len(entry.text) <= cursor.offset
