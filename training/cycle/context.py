"""Which turns of a room nothing may be learned from, not even as what was said before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from training.cycle.masked_room import MaskedDialog
from training.cycle.pairing import CRISIS_LEVEL
from training.models import ItemState, ReviewItem


def list_left_out(room: Sequence[MaskedDialog], compared: Collection[UUID]) -> frozenset[UUID]:
    """Turns that their user took back, and crisis turns, unless a clinical reviewer made a pair of one (`compared`)."""
    ids = [dialog.dialog_id for dialog in room]
    withdrawn = ReviewItem.objects.filter(reply__dialog__in=ids, state=ItemState.WITHDRAWN)
    crisis = (one.dialog_id for one in room if one.crisis_level >= CRISIS_LEVEL and one.dialog_id not in compared)
    return frozenset((*withdrawn.values_list("reply__dialog_id", flat=True), *crisis))
