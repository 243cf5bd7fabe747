"""Flow 02 | runs in: web | takes: a typed frame | gives: one flow call; and from the token log, frames to the browser.

The consumer only translates. It never awaits generation: replies are pumped by tasks of their own (chat.live), so
a stop or a disconnect is always read at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from chat.api.payloads import Payload
from chat.database_threads import in_database_thread
from chat.errors import ChatError, get_message
from chat.frames import (
    ChooseReply,
    CloseRoom,
    Frame,
    FrameRefused,
    OpenRoom,
    Ping,
    RegenerateReply,
    SendMessage,
    StopReply,
    parse_frame,
)
from chat.live import socket_queries
from chat.live.hub import hub
from chat.live.pace import WINDOW_SECONDS, FramePace
from chat.live.polls import Credential
from chat.live.room_changes import read_dialog
from chat.live.room_view import RoomView
from chat.models import Dialog
from chat.replies.accept import accept_message
from chat.replies.choose import choose_reply
from chat.replies.regenerate import regenerate_reply
from chat.replies.stop import request_stop
from chat.replies.text_limits import MAX_CHARACTERS
from chat.token_log import LogCursor

logger = logging.getLogger(__name__)

PROTOCOL: Final = 1
ROOMS_PER_SOCKET: Final = 4
CLOSE_NOT_LOGGED_IN: Final = 4401
CLOSE_TOO_MANY: Final = 4429
CLOSE_RESTARTING: Final = 1012
CLOSE_ABANDONED: Final = 1006


class ChatConsumer(AsyncWebsocketConsumer):
    channel_layer_alias = ""  # none: nudges come through the hub, which survives a layer that goes away
    credential: Credential

    def __init__(self) -> None:
        super().__init__()
        self._rooms: dict[UUID, RoomView] = {}
        self._pace = FramePace(settings.MARY_FRAMES_PER_10_SECONDS)
        self._is_joined = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # The server cancels an application that is slow to close; the hub forgets the socket all the same.
            await self.disconnect(CLOSE_ABANDONED)

    # --- the socket's life ----------------------------------------------------------------------------------

    async def connect(self) -> None:
        await self.accept()
        try:
            opened = await in_database_thread(socket_queries.find_credential)(dict(self.scope))
        except (DatabaseError, InterfaceError):
            await self.close(CLOSE_RESTARTING)
            return
        if opened is None:
            await self.close(CLOSE_NOT_LOGGED_IN)
            return
        self.credential, language = opened
        if hub.count_sockets(self.credential.user_id) >= settings.MARY_SOCKETS_PER_USER:
            await self.close(CLOSE_TOO_MANY)
            return
        hub.join(self)
        self._is_joined = True
        await self._send_hello(language)

    async def disconnect(self, code: int) -> None:
        is_joined, self._is_joined = self._is_joined, False
        rooms, self._rooms = list(self._rooms.values()), {}
        for room in rooms:
            await room.close()
        if is_joined:
            await hub.leave(self)

    async def send_frame(self, frame: dict[str, Any]) -> None:
        if self._is_joined:
            await self.send(text_data=json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

    async def _send_hello(self, language: str) -> None:
        limits = {
            "message_characters": MAX_CHARACTERS,
            "frame_bytes": settings.MARY_FRAME_BYTES,
            "messages_per_minute": settings.MARY_MESSAGES_PER_MINUTE,
            "rooms": ROOMS_PER_SOCKET,
        }
        user_id = str(self.credential.user_id)
        await self.send_frame(
            {"type": "hello", "protocol": PROTOCOL, "user_id": user_id, "language": language, "limits": limits}
        )

    # --- frames from the browser ----------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self._is_joined:
            return
        count = self._pace.count()
        if self._pace.is_flood(count):
            await self.close(CLOSE_TOO_MANY)
            return
        ref: str | None = None
        try:
            if text_data is None:
                raise FrameRefused("bad_json")
            frame = parse_frame(text_data, frame_bytes=settings.MARY_FRAME_BYTES)
            ref = frame.ref
            if self._pace.is_too_fast(count):
                raise ChatError("too_frequent", retry_after_seconds=WINDOW_SECONDS)
            await self._act(frame)
        except FrameRefused as refusal:
            await self._send_error(refusal, refusal.ref)
        except ChatError as error:
            await self._send_error(error, ref)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("frame not served: the database is away (%s)", type(error).__name__)
            await self._send_error(ChatError("unavailable", retry_after_seconds=2.0), ref)
        except Exception:
            # The outermost loop of a socket: one frame fails, with its traceback in the log, and the socket lives.
            logger.exception("frame failed")
            await self._send_error(ChatError("internal"), ref)

    async def _send_error(self, error: ChatError, ref: str | None) -> None:
        frame: dict[str, Any] = {"type": "error", "ref": ref, "code": error.code, "message": get_message(error.code)}
        if error.retry_after_seconds is not None:
            frame["retry_after_seconds"] = round(error.retry_after_seconds, 1)
        await self.send_frame(frame)

    async def _act(self, frame: Frame) -> None:
        match frame.body:
            case OpenRoom():
                await self._open_room(frame.ref, frame.body)
            case CloseRoom(counsel_id):
                await self._close_room(counsel_id)
            case SendMessage(counsel_id, client_msg_id, text):
                dialog = await self._run_on_dialog(accept_message, counsel_id, client_msg_id, text)
                await self._answer(frame.ref, "message.accepted", dialog, client_msg_id=str(client_msg_id))
            case RegenerateReply(dialog_id, client_msg_id):
                dialog = await self._run_on_dialog(regenerate_reply, dialog_id, client_msg_id)
                await self._answer(frame.ref, "reply.queued", dialog)
            case StopReply(reply_id):
                await self._run(request_stop, reply_id)
                await self.send_frame({"type": "reply.stopping", "ref": frame.ref, "reply_id": str(reply_id)})
            case ChooseReply(reply_id):
                dialog = await self._run_on_dialog(choose_reply, reply_id)
                await self._answer(frame.ref, "dialog.changed", dialog)
            case Ping():
                await self.send_frame({"type": "pong", "ref": frame.ref})

    async def _run(self, flow: Callable[..., Any], *arguments: Any) -> Any:
        return await in_database_thread(flow)(self.credential.user_id, *arguments)

    async def _run_on_dialog(self, flow: Callable[..., Dialog], *arguments: Any) -> Payload:
        """Run the flow and read the dialog it returns as the frames carry it, in one trip to the database."""
        return await in_database_thread(lambda: read_dialog(flow(self.credential.user_id, *arguments).pk))()

    async def _answer(self, ref: str | None, kind: str, dialog: Payload, **fields: str) -> None:
        """Answer with the whole dialog, then bring the room up to date: a live reply starts to flow."""
        await self.send_frame({"type": kind, "ref": ref, **fields, "dialog": dialog})
        room = self._rooms.get(UUID(dialog["counsel_id"]))
        if room is not None and not await room.adopt(dialog):
            await self.sync_room(room.counsel_id)

    async def _open_room(self, ref: str | None, body: OpenRoom) -> None:
        if body.counsel_id not in self._rooms and len(self._rooms) >= ROOMS_PER_SOCKET:
            raise ChatError("too_many_rooms")
        head = await self._run(socket_queries.get_room_head, body.counsel_id)
        await self._close_room(body.counsel_id)
        if body.version > head["version"]:
            # The client has seen a future that this database has not: it was restored from a backup.
            await self.send_frame(
                {"type": "room.resync", "counsel_id": str(body.counsel_id), "code": "unknown_version"}
            )
        room = RoomView(body.counsel_id, min(body.version, head["version"]), hub.log_reader, self.send_frame)
        self._rooms[body.counsel_id] = room
        await self.send_frame({"type": "room.opened", "ref": ref, **head})
        try:
            await room.sync({c.reply_id: LogCursor(c.attempt, c.offset) for c in body.cursors})
        except BaseException:
            await self._close_room(body.counsel_id)  # half-open, it would never be brought up to date
            raise

    async def _close_room(self, counsel_id: UUID) -> None:
        room = self._rooms.pop(counsel_id, None)
        if room is not None:
            await room.close()

    # --- what the hub asks of a socket ----------------------------------------------------------------------

    def open_rooms(self) -> dict[UUID, int]:
        return {counsel_id: room.version for counsel_id, room in self._rooms.items()}

    def queued_replies(self) -> set[UUID]:
        return {reply_id for room in self._rooms.values() for reply_id in room.queued}

    async def sync_room(self, counsel_id: UUID) -> None:
        room = self._rooms.get(counsel_id)
        if room is not None and not await room.sync():
            await self.lose_room(counsel_id)

    async def lose_room(self, counsel_id: UUID) -> None:
        if counsel_id in self._rooms:
            await self._close_room(counsel_id)
            await self.send_frame({"type": "room.gone", "counsel_id": str(counsel_id)})

    async def show_position(self, reply_id: UUID, position: int, is_worker_alive: bool) -> None:
        for room in list(self._rooms.values()):
            await room.show_position(reply_id, position, is_worker_alive)

    async def end_session(self) -> None:
        await self.close(CLOSE_NOT_LOGGED_IN)
