"""Whose texts a member of staff may see today: of users who let people read along, crisis turns by permission only."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from chat.models import Consent, ConsentKind, Dialog, User
from training.cycle.lease import REVIEW_CRISIS
from training.cycle.pairing import CRISIS_LEVEL
from training.models import Pair, SnapshotPair


def may_read_turn(dialog: Dialog, reader: User) -> bool:
    """By the turn's own level; whether its user consents is asked apart."""
    return dialog.crisis_level < CRISIS_LEVEL or reader.has_perm(REVIEW_CRISIS)


def list_of_consenting(pairs: QuerySet[Pair]) -> QuerySet[Pair]:
    return pairs.filter(user_id__in=Consent.objects.granting(ConsentKind.HUMAN_REVIEW))


def list_readable(pairs: QuerySet[Pair], reader: User) -> QuerySet[Pair]:
    consenting = list_of_consenting(pairs)
    if reader.has_perm(REVIEW_CRISIS):
        return consenting
    return consenting.filter(dialog__crisis_level__lt=CRISIS_LEVEL)


def find_readable_pairs(members: Iterable[SnapshotPair], reader: User) -> set[UUID]:
    """Which of a snapshot's pairs may stand on the reader's page with their texts."""
    ids = [member.pair_id for member in members if member.pair_id]
    return set(list_readable(Pair.objects.filter(pk__in=ids), reader).values_list("pk", flat=True))
