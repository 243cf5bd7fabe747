"""What changed in a room since a version, as the frames carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chat.api.payloads import Payload, dump_dialog, list_dialogs, with_replies
from chat.models import LIVE_STATES, Counsel, Dialog, Reply

CATCH_UP_DIALOGS: Final = 50
"""A client further behind reloads the room by REST instead."""


@dataclass(frozen=True, slots=True)
class RoomChanges:
    version: int
    title: str
    is_ended: bool
    dialogs: list[Payload]
    live: set[UUID]  # replies that are queued or being written, also in dialogs that have not changed
    is_too_much: bool


def read_changes(counsel_id: UUID, version: int) -> RoomChanges | None:
    """Dialogs newer than `version`, in the order of their changes; None when the room is gone.

    The room is read first, so a change in between is sent once more next time, never missed.
    """
    counsel = Counsel.objects.filter(pk=counsel_id).first()
    if counsel is None:
        return None
    # Before the dialogs: a reply that ends in between is told as ended.
    live = set(Reply.objects.filter(dialog__counsel_id=counsel_id, state__in=LIVE_STATES).values_list("pk", flat=True))
    newer = list_dialogs(counsel_id, after_version=version, limit=CATCH_UP_DIALOGS + 1)
    # By version: a client that loses its socket half-way has everything up to the last version it was sent.
    newer.sort(key=lambda dialog: dialog.version)
    is_too_much = len(newer) > CATCH_UP_DIALOGS
    return RoomChanges(
        version=counsel.version,
        title=counsel.title,
        is_ended=counsel.dt_end is not None,
        dialogs=[] if is_too_much else [dump_dialog(dialog) for dialog in newer],
        live=live,
        is_too_much=is_too_much,
    )


def read_dialog(dialog_id: UUID) -> Payload:
    """One stored dialog with its replies."""
    return dump_dialog(with_replies(Dialog.objects.filter(pk=dialog_id)).get())
