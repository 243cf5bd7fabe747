"""Rooms as everybody but their owners sees them: pseudonymised, one placeholder for one person from first turn to last.

Placeholders are numbered in the order of the turns and, within a turn, of its candidate answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from chat.models import Dialog, Reply, ReplyState
from chat.pseudonyms.mask import Masker

SHOWN_STATES = (ReplyState.DONE, ReplyState.STOPPED)


@dataclass(frozen=True, slots=True)
class MaskedDialog:
    """One turn of a room. `answer` is the one the talk went on with; `replies` are all that reached an end."""

    dialog_id: UUID
    seq: int
    crisis_level: int
    message: str
    answer: str
    replies: dict[UUID, str] = field(default_factory=dict)  # in the order of their numbers


def read_masked_room(counsel_id: UUID, *, up_to_seq: int | None = None) -> list[MaskedDialog]:
    """The room's turns in order."""
    return read_masked_rooms([counsel_id], up_to_seq=up_to_seq)[counsel_id]


def read_masked_rooms(counsel_ids: Collection[UUID], *, up_to_seq: int | None = None) -> dict[UUID, list[MaskedDialog]]:
    """Two queries, whatever their number."""
    dialogs = Dialog.objects.filter(counsel__in=counsel_ids).order_by("counsel_id", "seq")
    if up_to_seq is not None:
        dialogs = dialogs.filter(seq__lte=up_to_seq)
    rows = list(dialogs.only("pk", "counsel_id", "seq", "crisis_level", "u_message", "ai_message", "chosen_reply_id"))
    replies: dict[UUID, list[Reply]] = {row.pk: [] for row in rows}
    shown = Reply.objects.filter(dialog__in=list(replies), state__in=SHOWN_STATES).exclude(text="")
    for reply in shown.order_by("number").only("pk", "dialog_id", "text"):
        replies[reply.dialog_id].append(reply)
    rooms: dict[UUID, list[Dialog]] = {counsel_id: [] for counsel_id in counsel_ids}
    for row in rows:
        rooms[row.counsel_id].append(row)
    return {counsel_id: list(_mask_all(turns, replies)) for counsel_id, turns in rooms.items()}


def _mask_all(rows: list[Dialog], replies: dict[UUID, list[Reply]]) -> Iterator[MaskedDialog]:
    masker = Masker()
    for row in rows:
        message = masker.mask(row.u_message).text if row.u_message else ""
        texts = {reply.pk: masker.mask(reply.text).text for reply in replies[row.pk]}
        answer = texts.get(row.chosen_reply_id) if row.chosen_reply_id else None
        if answer is None:  # the greeting, which is no reply
            answer = masker.mask(row.ai_message).text if row.ai_message else ""
        yield MaskedDialog(row.pk, row.seq, row.crisis_level, message, answer, texts)
