"""Gathers the text of all running replies and writes it to their token logs in few round trips.

The first text of a reply leaves at once; after that, whatever came in one interval leaves together: the reader sees
no difference, and the engine keeps its processor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import redis.asyncio as redis
from redis.exceptions import RedisError

from chat.token_log import Entry, append_entries, log_key

logger = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 0.09
"""A reader takes a tenth of a second for at once, and every flush takes processor time from the engine."""
RETRY_SECONDS: Final = 0.3


@dataclass(slots=True, eq=False)
class ReplyText:
    """One running reply: all of its text, and how much of that is surely in the log."""

    reply_id: UUID
    attempt: int
    text: str = ""
    logged: int = 0  # code points
    is_opened: bool = False
    is_end_due: bool = False
    is_end_logged: bool = False

    def build_entry(self) -> Entry | None:
        """What the log still lacks; None when it lacks nothing."""
        is_end_missing = self.is_end_due and not self.is_end_logged
        if self.is_opened and self.logged == len(self.text) and not is_end_missing:
            return None
        return Entry(self.attempt, self.logged, self.text[self.logged :], self.is_end_due)


class LogWriter:
    def __init__(self, client: redis.Redis, *, keep_seconds: int, may_write: Callable[[], bool]) -> None:
        self._client = client
        self._keep_seconds = keep_seconds
        self._may_write = may_write
        self._texts: set[ReplyText] = set()
        self._is_dirty = asyncio.Event()
        self._has_first_text = asyncio.Event()
        self._flushing = asyncio.Lock()

    def open(self, reply_id: UUID, attempt: int) -> ReplyText:
        """Start a reply's log; its first entry, without text, says that writing has begun."""
        text = ReplyText(reply_id, attempt)
        self._texts.add(text)
        self._is_dirty.set()
        return text

    def push(self, text: ReplyText, delta: str) -> None:
        if delta and not text.text:
            self._has_first_text.set()
        text.text += delta
        self._is_dirty.set()

    async def settle(self, text: ReplyText, *, timeout_seconds: float) -> None:
        """Have all of the text in the log, without waiting for the interval, but no longer than the time-out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while text.build_entry() is not None and text in self._texts:
                    await self._flush()
        except TimeoutError:
            logger.info("token log of %s is behind: Valkey is away", text.reply_id)
            self._is_dirty.set()  # the flush that was cut off may have been for others too

    async def close(self, text: ReplyText, *, timeout_seconds: float) -> None:
        """Write the end entry; not waited for beyond the time-out, since the record is already complete."""
        text.is_end_due = True
        await self.settle(text, timeout_seconds=timeout_seconds)
        self._texts.discard(text)

    async def erase(self, reply_id: UUID) -> None:
        """Delete a reply's log; a Valkey that is away lets it expire."""
        with suppress(RedisError, OSError):
            await self._client.unlink(log_key(reply_id))

    def drop(self, text: ReplyText) -> None:
        """Forget a reply whose lease is lost: not one more entry."""
        self._texts.discard(text)

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            await self._is_dirty.wait()
            self._is_dirty.clear()
            await self._flush()
            await self._wait_for_first_text(INTERVAL_SECONDS)

    async def _wait_for_first_text(self, seconds: float) -> None:
        """Sleep, unless a reply begins: its first text waits for nobody's interval."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._has_first_text.wait()
        self._has_first_text.clear()

    async def _flush(self) -> None:
        """Append what is missing of every reply; what could not be written is due again."""
        async with self._flushing:
            if self._may_write():
                await self._append_due()
            else:
                # The process slept past its leases; the next heartbeat says which replies are still ours.
                await asyncio.sleep(INTERVAL_SECONDS)
                self._is_dirty.set()

    async def _append_due(self) -> None:
        due = [(text, entry) for text in self._texts if (entry := text.build_entry()) is not None]
        if not due:
            return
        try:
            vanished = await append_entries(
                self._client, [(text.reply_id, entry) for text, entry in due], keep_seconds=self._keep_seconds
            )
        except (RedisError, OSError) as error:
            logger.warning("token log not written (%s): trying again", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            self._rewind([text for text, _ in due])
            return
        self._rewind([text for text, _ in due if text.reply_id in vanished])
        for text, entry in due:
            if text.reply_id not in vanished:
                text.is_opened = True
                text.logged = entry.offset + len(entry.text)
                text.is_end_logged = entry.is_end

    def _rewind(self, texts: list[ReplyText]) -> None:
        """Write these again from the beginning; readers skip what they have."""
        for text in texts:
            text.logged = 0
            text.is_opened = False
            self._is_dirty.set()
