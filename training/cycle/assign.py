"""What those who run the queue decide about chosen items: who gets them, and how many experts look at each.

Every decision looks at the items again under their rows' locks, and tells which ones it left as they were, and why.
An item that is given to somebody waits for nobody else, so it only goes to a person who can still rate it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from chat.models import User
from training.cycle.lease import check_may_rate, exclude_seen, list_readable
from training.cycle.settle import settle_item
from training.models import ItemState, ReviewItem

MOST_AT_ONCE: Final = 3
"""Experts that an action asks for; the item's own form takes more."""


class LeftOut(StrEnum):
    """Why an item stays as it was."""

    CLOSED = "closed"
    CLINICAL = "clinical"
    SEEN = "seen"
    UNASSIGNED = "unassigned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Outcome:
    changed: int
    left_out: Mapping[LeftOut, int]  # those that occurred


@transaction.atomic
def assign_items(item_ids: Collection[UUID], person: User) -> Outcome:
    """Raises ReviewRefused: not_allowed, where the person may not rate at all."""
    check_may_rate(person)
    suited, left_out = sort_for(_lock_items(item_ids), person)
    return Outcome(ReviewItem.objects.filter(pk__in=suited).update(assigned_to=person), left_out)


@transaction.atomic
def release_items(item_ids: Collection[UUID]) -> Outcome:
    items = _lock_items(item_ids)
    number = items.count()
    changed = items.exclude(assigned_to=None).update(assigned_to=None)
    return Outcome(changed, _count({LeftOut.UNASSIGNED: number - changed}))


@transaction.atomic
def ask_for_reviews(item_ids: Collection[UUID], needed: int) -> Outcome:
    """More than an item has opens it again, fewer may finish it; what was decided stays decided."""
    items = _lock_items(item_ids)
    usable = items.exclude(state=ItemState.WITHDRAWN)
    outcome = Outcome(usable.count(), _count({LeftOut.WITHDRAWN: items.filter(state=ItemState.WITHDRAWN).count()}))
    for item in usable.exclude(needed=needed):
        item.needed = needed
        item.save(update_fields=["needed"])
        settle_item(item)
    return outcome


def sort_for(items: QuerySet[ReviewItem], person: User) -> tuple[list[UUID], dict[LeftOut, int]]:
    """Those that the person can still rate, and how many of the others there are for each reason."""
    opened = items.filter(state=ItemState.OPEN)
    readable = list_readable(opened, person)
    suited = list(exclude_seen(readable, person).values_list("pk", flat=True))
    numbers = items.count(), opened.count(), readable.count()
    left_out = {
        LeftOut.CLOSED: numbers[0] - numbers[1],
        LeftOut.CLINICAL: numbers[1] - numbers[2],
        LeftOut.SEEN: numbers[2] - len(suited),
    }
    return suited, _count(left_out)


def _lock_items(item_ids: Collection[UUID]) -> QuerySet[ReviewItem]:
    items = ReviewItem.objects.filter(pk__in=item_ids).order_by("pk")
    list(items.select_for_update(of=("self",)).values_list("pk"))
    return items


def _count(numbers: Mapping[LeftOut, int]) -> dict[LeftOut, int]:
    return {reason: number for reason, number in numbers.items() if number}
