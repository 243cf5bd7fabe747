"""Which texts only clinical reviewers read: a crisis turn, and each later one: its screen shows the room so far."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from chat.models import Dialog
from training.cycle.pairing import CRISIS_LEVEL


def has_crisis_so_far(counsel: str, seq: str) -> Exists:
    """For filters: whether the room has a crisis turn up to this one. Takes the paths to the room and to the number."""
    crises = Dialog.objects.filter(crisis_level__gte=CRISIS_LEVEL)
    return Exists(crises.filter(counsel=OuterRef(counsel), seq__lte=OuterRef(seq)))


def shows_crisis(dialog: Dialog) -> bool:
    """Whether the room up to this turn has one."""
    room = Dialog.objects.filter(counsel_id=dialog.counsel_id, seq__lte=dialog.seq)
    return room.filter(crisis_level__gte=CRISIS_LEVEL).exists()
