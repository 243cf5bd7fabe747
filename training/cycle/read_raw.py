"""Opening one conversation unmasked: by permission, with a reason, and never without a trace for its user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from chat.models import Dialog, User
from training.cycle.lease import lock_item
from training.cycle.rate import check_may_read
from training.cycle.review_refusals import ReviewRefused
from training.models import RawAccess

READ_RAW: Final = "training.read_raw"
SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class RawTurn:
    message: str
    answer: str


@transaction.atomic
def read_raw(item_id: UUID, reader: User, reason: str) -> list[RawTurn]:
    """The room up to the item's turn. The trace is committed with the reading, before anything is shown.

    Raises ReviewRefused: not_allowed, reason_too_short, item_gone, consent_gone.
    """
    if not reader.is_active or not reader.has_perm(READ_RAW):
        raise ReviewRefused("not_allowed")
    said = " ".join(reason.replace("\0", "").split())[:LONGEST_REASON]
    if len(said) < SHORTEST_REASON:
        raise ReviewRefused("reason_too_short")
    item = lock_item(item_id)
    check_may_read(item, reader)
    dialog = item.reply.dialog
    RawAccess.objects.create(user_id=item.user_id, dialog=dialog, reader=reader, reason=said)
    turns = Dialog.objects.filter(counsel_id=dialog.counsel_id, seq__lte=dialog.seq).order_by("seq")
    return [RawTurn(turn.u_message, turn.ai_message) for turn in turns]
