"""One hub a web process: hears nudges, polls slowly underneath, and tells its sockets what to look at again.

The sockets do not read the channel layer themselves: a layer that goes away would tear every one of them down.
Content never passes through here, only "room X changed" and "check your sessions".
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from chat import token_log
from chat.database_threads import in_database_thread
from chat.live.log_reader import LogReader
from chat.live.polls import Credential, list_dead_credentials, list_versions
from chat.nudges import WEB_GROUP
from chat.replies.position import is_any_worker_alive, list_positions
from chat.task_set import TaskSet

logger = logging.getLogger(__name__)

REJOIN_SECONDS: Final = 3600.0
"""The layer forgets group members after `group_expiry` (a day); joining again in time costs nothing."""
POSITION_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.5


class Socket(Protocol):
    """What the hub needs of a consumer. None of these may block for long: each is started as a task."""

    credential: Credential

    def open_rooms(self) -> dict[UUID, int]:
        """Each open room and the version the client has been sent."""

    def queued_replies(self) -> set[UUID]: ...

    async def sync_room(self, counsel_id: UUID) -> None: ...

    async def lose_room(self, counsel_id: UUID) -> None: ...

    async def show_position(self, reply_id: UUID, position: int, is_worker_alive: bool) -> None: ...

    async def end_session(self) -> None: ...


def _tell_behind(error: BaseException) -> None:
    logger.warning("a socket could not be brought up to date (%s): the poll tries again", type(error).__name__)


class LiveHub:
    def __init__(self) -> None:
        self._sockets: defaultdict[UUID, set[Socket]] = defaultdict(set)
        self._loops: list[asyncio.Task[None]] = []
        self._tasks = TaskSet(_tell_behind)
        self._nudged: set[UUID] = set()
        self._has_nudges = asyncio.Event()
        self._log_reader: LogReader | None = None

    @property
    def log_reader(self) -> LogReader:
        """The process's one reader of token logs; there is one while a socket is joined."""
        if self._log_reader is None:
            raise RuntimeError("no socket has joined the hub")
        return self._log_reader

    def join(self, socket: Socket) -> None:
        self._sockets[socket.credential.user_id].add(socket)
        if not self._loops:
            self._log_reader = LogReader(token_log.connect(settings.MARY_TOKEN_LOG_URL))
            self._has_nudges = asyncio.Event()  # belongs to the loop that runs now
            self._loops = [
                asyncio.create_task(self._hear_nudges()),
                asyncio.create_task(self._follow_nudges()),
                asyncio.create_task(self._repeat(self._poll_rooms, settings.MARY_ROOM_POLL_SECONDS)),
                asyncio.create_task(self._repeat(self._poll_sessions, settings.MARY_SESSION_POLL_SECONDS)),
                asyncio.create_task(self._repeat(self._poll_positions, POSITION_SECONDS)),
            ]

    async def leave(self, socket: Socket) -> None:
        user_id = socket.credential.user_id
        self._sockets[user_id].discard(socket)
        if not self._sockets[user_id]:
            del self._sockets[user_id]
        if self._sockets:
            return
        loops, self._loops = self._loops, []
        reader, self._log_reader = self._log_reader, None
        for loop in loops:
            loop.cancel()
        # The channel layer counts its readers: it must see this one go.
        await asyncio.gather(*loops, return_exceptions=True)
        if reader is not None:
            await reader.close()

    def count_sockets(self, user_id: UUID) -> int:
        return len(self._sockets.get(user_id, ()))

    def _all(self) -> list[Socket]:
        return [socket for sockets in self._sockets.values() for socket in sockets]

    # --- nudges ---------------------------------------------------------------------------------------------

    async def _hear_nudges(self) -> None:
        while True:
            try:
                await self._receive_nudges()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("channel layer away (%s): polling meanwhile", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _receive_nudges(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("CHANNEL_LAYERS has no default")
        channel = await layer.new_channel()
        clock = asyncio.get_running_loop()
        while True:
            await layer.group_add(WEB_GROUP, channel)
            rejoin_at = clock.time() + REJOIN_SECONDS
            while clock.time() < rejoin_at:
                self._on_nudge(await layer.receive(channel))

    def _on_nudge(self, message: dict[str, Any]) -> None:
        sockets = list(self._sockets.get(UUID(message["user"]), ()))
        if message["kind"] == "session":
            if sockets:
                self._tasks.start(self._check_sessions(sockets))
            return
        counsel_id = UUID(message["counsel"])
        if any(counsel_id in socket.open_rooms() for socket in sockets):
            self._nudged.add(counsel_id)
            self._has_nudges.set()

    async def _follow_nudges(self) -> None:
        """While one look at the database goes on, further nudges gather for the next: a crowd costs few queries."""
        while True:
            await self._has_nudges.wait()
            self._has_nudges.clear()
            rooms, self._nudged = self._nudged, set()
            try:
                await self._look_at(rooms)
            except (DatabaseError, InterfaceError, OSError) as error:
                logger.warning("nudge: the database is away (%s), the poll will find it", type(error).__name__)

    # --- polls ----------------------------------------------------------------------------------------------

    async def _repeat(self, step: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await step()
            except (DatabaseError, InterfaceError, OSError) as error:
                logger.warning("poll: the database is away (%s)", type(error).__name__)

    async def _poll_rooms(self) -> None:
        rooms = {counsel_id for socket in self._all() for counsel_id in socket.open_rooms()}
        if rooms:
            await self._look_at(rooms)

    async def _look_at(self, rooms: set[UUID]) -> None:
        """Bring every socket up to date that has one of these rooms open and lacks something of it."""
        versions = await in_database_thread(list_versions)(rooms)
        for socket in self._all():
            for counsel_id, version in socket.open_rooms().items():
                if counsel_id in rooms and counsel_id not in versions:
                    self._tasks.start(socket.lose_room(counsel_id))
                elif versions.get(counsel_id, 0) > version:
                    self._tasks.start(socket.sync_room(counsel_id))

    async def _poll_sessions(self) -> None:
        await self._check_sessions(self._all())

    async def _check_sessions(self, sockets: list[Socket]) -> None:
        dead = await in_database_thread(list_dead_credentials)({socket.credential for socket in sockets})
        for socket in sockets:
            if socket.credential in dead:
                self._tasks.start(socket.end_session())

    async def _poll_positions(self) -> None:
        waiting = {reply_id for socket in self._all() for reply_id in socket.queued_replies()}
        if not waiting:
            return
        positions = await in_database_thread(list_positions)(waiting)
        is_worker_alive = await in_database_thread(is_any_worker_alive)()
        for socket in self._all():
            for reply_id in socket.queued_replies():
                if reply_id in positions:
                    self._tasks.start(socket.show_position(reply_id, positions[reply_id], is_worker_alive))


hub = LiveHub()
