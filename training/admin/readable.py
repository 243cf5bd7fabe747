"""Whose texts a member of staff may see today: of users who let people read along, crisis turns by permission only."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from chat.models import Dialog, User
from training.cycle.crisis_turns import has_crisis_so_far, shows_crisis
from training.cycle.lease import REVIEW_CRISIS
from training.models import Pair, SnapshotPair
from training.models.consents import list_users_allowing_review


def may_read_turn(dialog: Dialog, reader: User) -> bool:
    """By the room so far, as in the queue; whether its user consents is asked apart."""
    return reader.has_perm(REVIEW_CRISIS) or not shows_crisis(dialog)


def list_of_consenting(pairs: QuerySet[Pair]) -> QuerySet[Pair]:
    return pairs.filter(user_id__in=list_users_allowing_review())


def list_readable(pairs: QuerySet[Pair], reader: User) -> QuerySet[Pair]:
    consenting = list_of_consenting(pairs)
    if reader.has_perm(REVIEW_CRISIS):
        return consenting
    return consenting.filter(~has_crisis_so_far("dialog__counsel", "dialog__seq"))


def find_readable_pairs(members: Iterable[SnapshotPair], reader: User) -> set[UUID]:
    """Which of a snapshot's pairs may stand on the reader's page with their texts."""
    ids = [member.pair_id for member in members if member.pair_id]
    return set(list_readable(Pair.objects.filter(pk__in=ids), reader).values_list("pk", flat=True))
