"""What one socket has been sent of one room: its version, and a pump for each reply that is being written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final, Protocol
from uuid import UUID

from chat.api.payloads import Payload
from chat.database_threads import in_database_thread
from chat.live.log_reader import LogReader
from chat.live.room_changes import read_changes
from chat.models import LIVE_STATES
from chat.token_log import Entry, LogCursor, read_log

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 3.0

Send = Callable[[dict[str, Any]], Awaitable[None]]


def _list_live(dialog: Payload) -> set[UUID]:
    return {UUID(reply["id"]) for reply in dialog["replies"] if reply["state"] in LIVE_STATES}


class OnEntry(Protocol):
    def __call__(self, reply_id: UUID, *, is_end: bool) -> Coroutine[Any, Any, None]: ...


class RoomView:
    """Keeps the client's copy of a room current. `send` takes whole frames."""

    def __init__(self, counsel_id: UUID, version: int, reader: LogReader, send: Send) -> None:
        self.counsel_id = counsel_id
        self.version = version
        self.queued: set[UUID] = set()
        self._shown_positions: dict[UUID, tuple[int, bool]] = {}
        self._reader = reader
        self._send = send
        self._lock = asyncio.Lock()
        self._head: tuple[str, bool] | None = None
        self._pumps: dict[UUID, Pump] = {}
        self._is_closed = False

    async def sync(self, cursors: dict[UUID, LogCursor] | None = None) -> bool:
        """Send whatever is newer than the client's copy; False when the room is gone."""
        async with self._lock:
            changes = await in_database_thread(read_changes)(self.counsel_id, self.version)
            if changes is None:
                return False
            if self._is_closed:
                return True
            if changes.is_too_much:
                await self._send({"type": "room.resync", "counsel_id": str(self.counsel_id), "code": "too_far_behind"})
            ended: set[UUID] = set()
            for dialog in changes.dialogs:
                ended |= await self._show(dialog)
            self._follow(changes.live - ended, cursors or {})
            await self._show_room(changes.version, (changes.title, changes.is_ended))
            self.version = max(self.version, changes.version)
            return True

    async def adopt(self, dialog: Payload) -> bool:
        """Take over a dialog that the client was just answered with; False where more has changed than that."""
        async with self._lock:
            if self._is_closed or dialog["version"] != self.version + 1:
                return False
            self.version = dialog["version"]
            self._follow(_list_live(dialog), {})
            return True

    async def _show_room(self, version: int, head: tuple[str, bool]) -> None:
        if self._head is not None and self._head != head:
            title, is_ended = head
            await self._send(
                {
                    "type": "room.changed",
                    "counsel_id": str(self.counsel_id),
                    "version": version,
                    "title": title,
                    "is_ended": is_ended,
                }
            )
        self._head = head

    async def _show(self, dialog: Payload) -> set[UUID]:
        """Send the dialog, after what its pumps still carry; return its replies that have ended."""
        ended = {UUID(reply["id"]) for reply in dialog["replies"]} - _list_live(dialog)
        for reply_id in ended & self._pumps.keys():
            await self._pumps.pop(reply_id).drain()
        self.queued -= ended
        await self._send({"type": "dialog.changed", "dialog": dialog})
        return ended

    def _follow(self, live: set[UUID], cursors: dict[UUID, LogCursor]) -> None:
        """A client that comes back may know the dialog already and still lack the text that is being written."""
        if self._is_closed:
            return
        for reply_id in live - self._pumps.keys():
            self.queued.add(reply_id)
            pump = Pump(reply_id, cursors.get(reply_id, LogCursor()), self._reader, self._send, self._on_pump)
            self._pumps[reply_id] = pump
            pump.start()

    async def _on_pump(self, reply_id: UUID, *, is_end: bool) -> None:
        self.queued.discard(reply_id)
        self._shown_positions.pop(reply_id, None)
        if is_end:
            await self.sync()

    async def show_position(self, reply_id: UUID, position: int, is_worker_alive: bool) -> None:
        shown = (position, is_worker_alive)
        if reply_id in self.queued and self._shown_positions.get(reply_id) != shown:
            self._shown_positions[reply_id] = shown
            await self._send(
                {
                    "type": "reply.position",
                    "reply_id": str(reply_id),
                    "position": position,
                    "is_worker_alive": is_worker_alive,
                }
            )

    async def close(self) -> None:
        self._is_closed = True
        pumps, self._pumps = list(self._pumps.values()), {}
        for pump in pumps:
            await pump.cancel()


class Pump:
    """Carries one reply's token log to one socket, each delta once and in order."""

    def __init__(self, reply_id: UUID, cursor: LogCursor, reader: LogReader, send: Send, on_entry: OnEntry) -> None:
        self.reply_id = reply_id
        self._cursor = cursor
        self._reader = reader
        self._send = send
        self._on_entry = on_entry
        self._announced_attempt = 0
        self._task: asyncio.Task[None] | None = None
        self._is_ended = False
        self._is_shut = False  # the reply's end has been shown: no delta may follow it
        self._forwarding = asyncio.Lock()
        self._ending: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with aclosing(self._reader.follow(self.reply_id, self._cursor)) as batches:
            async for entries in batches:
                # A pump that is drained half-way through a batch still sends all of the batch.
                await asyncio.shield(self._forward(entries))
                await self._on_entry(self.reply_id, is_end=False)
        self._is_ended = True
        # `sync` drains this very pump: a task of its own, so that it does not wait for itself.
        self._ending = asyncio.create_task(self._on_entry(self.reply_id, is_end=True))

    async def _forward(self, entries: list[Entry]) -> None:
        """Send what is new in the entries in few frames: neighbouring deltas leave as one."""
        async with self._forwarding:
            await self._forward_new(entries)

    async def _forward_new(self, entries: list[Entry]) -> None:
        taken = [fresh for entry in entries if (fresh := self._cursor.take(entry)) is not None]
        for attempt in dict.fromkeys(entry.attempt for entry in entries if entry.attempt >= self._cursor.attempt):
            await self._announce(attempt)
        current = [entry for entry in taken if entry.attempt == self._cursor.attempt and entry.text]
        if current and not self._is_shut:
            await self._send(
                {
                    "type": "reply.delta",
                    "reply_id": str(self.reply_id),
                    "attempt": current[0].attempt,
                    "offset": current[0].offset,
                    "text": "".join(entry.text for entry in current),
                }
            )

    async def _announce(self, attempt: int) -> None:
        if attempt > self._announced_attempt:
            self._announced_attempt = attempt
            await self._send({"type": "reply.started", "reply_id": str(self.reply_id), "attempt": attempt})

    async def drain(self) -> None:
        """The reply has ended: send what the log still has beyond the cursor, then stop."""
        await self.cancel()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                if not self._is_ended:
                    await self._forward(await read_log(self._reader.client, self.reply_id))
        except TimeoutError:
            logger.info("token log of %s is away: its end comes from the record", self.reply_id)
        finally:
            self._is_shut = True

    async def cancel(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
