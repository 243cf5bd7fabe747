"""Flow 01 | runs in: web | takes: browser JSON | gives: one typed frame, or a refusal with a code.

Pure: knows no Django. docs/protocol.md specifies every frame; what this file refuses, a client wrote wrongly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat.errors import ChatError

REF_CHARACTERS: Final = 64
FOLLOWED_REPLIES: Final = 20
BIGGEST_VERSION: Final = 2**53 - 1
UUID_FORM: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReplyCursor:
    """How much of a live reply the client already shows: `offset` code points of that attempt."""

    reply_id: UUID
    attempt: int
    offset: int


@dataclass(frozen=True, slots=True)
class OpenRoom:
    counsel_id: UUID
    version: int
    cursors: tuple[ReplyCursor, ...]


@dataclass(frozen=True, slots=True)
class CloseRoom:
    counsel_id: UUID


@dataclass(frozen=True, slots=True)
class SendMessage:
    counsel_id: UUID
    client_msg_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class RegenerateReply:
    dialog_id: UUID
    client_msg_id: UUID


@dataclass(frozen=True, slots=True)
class StopReply:
    reply_id: UUID


@dataclass(frozen=True, slots=True)
class ChooseReply:
    reply_id: UUID


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Body = OpenRoom | CloseRoom | SendMessage | RegenerateReply | StopReply | ChooseReply | Ping


@dataclass(frozen=True, slots=True)
class Frame:
    ref: str | None
    body: Body


class FrameRefused(ChatError):
    """The frame cannot be acted on; `ref` is given back where it could be read."""

    def __init__(self, code: str, ref: str | None = None) -> None:
        super().__init__(code)
        self.ref = ref


def parse_frame(text: str, *, frame_bytes: int) -> Frame:
    """One frame, or FrameRefused with too_large, bad_json, not_an_object, unknown_type or bad_field."""
    if len(text) > frame_bytes or len(text.encode("utf-8", "surrogatepass")) > frame_bytes:
        raise FrameRefused("too_large")
    fields = _parse_object(text)
    ref = fields.get("ref")
    if ref is not None and not _is_ref(ref):
        raise FrameRefused("bad_field")
    kind = fields.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise FrameRefused("unknown_type", ref)
    try:
        return Frame(ref, reader(fields))
    except (KeyError, TypeError, ValueError):
        raise FrameRefused("bad_field", ref) from None


def _parse_object(text: str) -> Fields:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameRefused("bad_json") from None
    if not isinstance(fields, dict):
        raise FrameRefused("not_an_object")
    return fields


def _is_ref(value: object) -> bool:
    """Broken characters could not be sent back."""
    return isinstance(value, str) and len(value) <= REF_CHARACTERS and not SURROGATE.search(value)


def _read_uuid(fields: Fields, name: str) -> UUID:
    value = fields[name]
    if not isinstance(value, str) or not UUID_FORM.fullmatch(value):
        raise ValueError(name)
    return UUID(value)


def _read_count(fields: Fields, name: str) -> int:
    value = fields.get(name, 0)
    if type(value) is not int or not 0 <= value <= BIGGEST_VERSION:
        raise ValueError(name)
    return value


def _read_text(fields: Fields) -> str:
    if not isinstance(fields["text"], str):
        raise ValueError("text")
    return fields["text"]


def _read_cursor(fields: Fields) -> ReplyCursor:
    return ReplyCursor(_read_uuid(fields, "reply_id"), _read_count(fields, "attempt"), _read_count(fields, "offset"))


def _read_open_room(fields: Fields) -> OpenRoom:
    cursors = fields.get("replies", [])
    if not isinstance(cursors, list) or len(cursors) > FOLLOWED_REPLIES:
        raise ValueError("replies")
    return OpenRoom(
        _read_uuid(fields, "counsel_id"), _read_count(fields, "version"), tuple(_read_cursor(c) for c in cursors)
    )


def _read_send_message(fields: Fields) -> SendMessage:
    return SendMessage(_read_uuid(fields, "counsel_id"), _read_uuid(fields, "client_msg_id"), _read_text(fields))


READERS: Final[dict[str, Callable[[Fields], Body]]] = {
    "room.open": _read_open_room,
    "room.close": lambda fields: CloseRoom(_read_uuid(fields, "counsel_id")),
    "message.send": _read_send_message,
    "reply.regenerate": lambda fields: RegenerateReply(
        _read_uuid(fields, "dialog_id"), _read_uuid(fields, "client_msg_id")
    ),
    "reply.stop": lambda fields: StopReply(_read_uuid(fields, "reply_id")),
    "reply.choose": lambda fields: ChooseReply(_read_uuid(fields, "reply_id")),
    "ping": lambda fields: Ping(),
}
