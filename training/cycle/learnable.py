"""A room → the conversations that may be learned from and measured by. Snapshots and the gate read rooms through it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import dropwhile
from uuid import UUID

from training.cycle.composing import compose_conversations
from training.cycle.masked_room import MaskedDialog, read_masked_room
from training.cycle.pairing import CRISIS_LEVEL
from training.finetune.records import Conversation, RecordError, dump_conversation, load_conversation
from training.models import ItemState, Pair, ReviewItem


def compose_learnable(
    room_id: str,
    character: str,
    counsel_id: UUID,
    pairs: Mapping[UUID, Sequence[Pair]],
    refuse: Callable[[RecordError], None],
) -> Iterator[Conversation]:
    """Masked, without what is left out, and such as the trainer takes; `refuse` is told of what it would not take.

    `pairs`: by dialog. `room_id`: as files name the room.
    """
    room = read_masked_room(counsel_id)
    marks = {"left_out": list_left_out(room, pairs), "clinical": list_clinical(room)}
    for conversation in compose_conversations(room_id, character, room, pairs, **marks):
        try:
            yield load_conversation(dump_conversation(conversation), conversation.id)
        except RecordError as fault:
            refuse(fault)


def list_left_out(room: Sequence[MaskedDialog], compared: Collection[UUID]) -> frozenset[UUID]:
    """Turns that nothing may be learned from, not even as what was said before: those that their user took back, and
    crisis turns, unless a clinical reviewer made a pair of one (`compared`).
    """
    ids = [dialog.dialog_id for dialog in room]
    withdrawn = ReviewItem.objects.filter(reply__dialog__in=ids, state=ItemState.WITHDRAWN)
    crisis = (one.dialog_id for one in room if one.crisis_level >= CRISIS_LEVEL and one.dialog_id not in compared)
    return frozenset((*withdrawn.values_list("reply__dialog_id", flat=True), *crisis))


def list_clinical(room: Sequence[MaskedDialog]) -> frozenset[UUID]:
    """Turns from the first crisis on, by the rule of crisis_turns.py."""
    later = dropwhile(lambda one: one.crisis_level < CRISIS_LEVEL, room)
    return frozenset(one.dialog_id for one in later)
