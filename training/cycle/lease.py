"""Who has which item in front of them: taking the next one, skipping it, holding it a while longer.

Items are taken with FOR UPDATE SKIP LOCKED and looked at once more under the lock: the leases that another person's
transaction has just committed are not in the snapshot that found the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat.models import User
from training.cycle.crisis_turns import has_crisis_so_far
from training.cycle.review_refusals import ReviewRefused
from training.models import ItemState, Rating, ReviewItem, ReviewLease, ReviewSkip, SkipReason

RATE: Final = "training.rate"
REVIEW_CRISIS: Final = "training.review_crisis"
MOST_TRIES: Final = 20


@transaction.atomic
def take_next(annotator: User) -> ReviewItem | None:
    """The item this person should look at now, leased to them; the one they already hold, if they do.

    None when nothing waits for them. Raises ReviewRefused: not_allowed.
    """
    check_may_rate(annotator)
    now = timezone.now()
    _lock_annotator(annotator)
    takeable = list_takeable(annotator, now)
    held = takeable.filter(leases__annotator=annotator, leases__dt_until__gt=now).first()
    if held is not None:
        return hold(held, annotator, now)
    ReviewLease.objects.filter(annotator=annotator).delete()
    for _ in range(MOST_TRIES):
        item = _lock_first(takeable.filter(assigned_to=annotator)) or _lock_first(takeable.filter(assigned_to=None))
        if item is None:
            return None
        if takeable.filter(pk=item.pk).exists():
            return hold(item, annotator, now)
    return None


def list_takeable(annotator: User, now: datetime) -> QuerySet[ReviewItem]:
    """Open items that still miss a rating which this person may give, most valuable first."""
    others = ReviewLease.objects.filter(item=OuterRef("pk"), dt_until__gt=now).exclude(annotator=annotator)
    items: QuerySet[ReviewItem] = ReviewItem.objects.of_consenting_users()
    items = items.filter(Q(assigned_to=None) | Q(assigned_to=annotator), state=ItemState.OPEN)
    items = list_readable(exclude_seen(items, annotator), annotator)
    items = items.annotate(standing=_count(Rating.objects.standing().filter(item=OuterRef("pk"))), held=_count(others))
    return items.filter(needed__gt=F("standing") + F("held")).order_by("-priority", "dt_queued", "pk")


def exclude_seen(items: QuerySet[ReviewItem], annotator: User) -> QuerySet[ReviewItem]:
    """Those that this person has neither rated nor skipped."""
    skipped = ReviewSkip.objects.filter(item=OuterRef("pk"), annotator=annotator)
    return exclude_rated(items, annotator).filter(~Exists(skipped))


def exclude_rated(items: QuerySet[ReviewItem], annotator: User) -> QuerySet[ReviewItem]:
    rated = Rating.objects.standing().filter(item=OuterRef("pk"), annotator=annotator)
    return items.filter(~Exists(rated))


def list_readable(items: QuerySet[ReviewItem], reader: User) -> QuerySet[ReviewItem]:
    """Rooms with a crisis are for clinical reviewers; asked of the rooms as they are, not only of what was queued."""
    if reader.has_perm(REVIEW_CRISIS):
        return items
    crisis = has_crisis_so_far("reply__dialog__counsel", "reply__dialog__seq")
    return items.filter(~crisis, needs_clinical=False)


def hold(item: ReviewItem, annotator: User, now: datetime) -> ReviewItem:
    """Give or renew the one lease that this person has."""
    until = now + ReviewLease.get_length()
    lease = ReviewLease.objects.filter(annotator=annotator).first()
    if lease is not None and lease.item_id == item.pk and lease.dt_until > now:
        ReviewLease.objects.filter(pk=lease.pk).update(dt_until=until)
    else:
        fresh = {"item": item, "dt_until": until, "dt_opened": now}
        ReviewLease.objects.update_or_create(annotator=annotator, defaults=fresh)
    return item


def renew(item_id: UUID, annotator: User) -> bool:
    """Called while the person is at work; False when the hold is gone."""
    now = timezone.now()
    held = ReviewLease.objects.filter(annotator=annotator, item_id=item_id, dt_until__gt=now)
    return bool(held.update(dt_until=now + ReviewLease.get_length()))


@transaction.atomic
def skip(item_id: UUID, annotator: User, reason: str) -> None:
    """This person does not get the item again, and somebody else may. Idempotent.

    Raises ReviewRefused: not_allowed, item_gone, unknown_reason.
    """
    check_may_rate(annotator)
    if reason not in SkipReason.values:
        raise ReviewRefused("unknown_reason")
    item = lock_item(item_id)
    ReviewSkip.objects.get_or_create(item=item, annotator=annotator, defaults={"reason": reason})
    pass_on(item, annotator)


def pass_on(item: ReviewItem, annotator: User) -> None:
    """This person is done with the item: whatever it still needs, others may give."""
    ReviewLease.objects.filter(item=item, annotator=annotator).delete()
    ReviewItem.objects.filter(pk=item.pk, assigned_to=annotator).update(assigned_to=None)


def check_may_rate(annotator: User) -> None:
    if not annotator.is_active or not annotator.has_perm(RATE):
        raise ReviewRefused("not_allowed")


def lock_item(item_id: UUID) -> ReviewItem:
    """The row, locked until the transaction ends. Raises ReviewRefused: item_gone."""
    items = ReviewItem.objects.select_for_update(of=("self",)).select_related("reply__dialog")
    item = items.filter(pk=item_id).first()
    if item is None:
        raise ReviewRefused("item_gone")
    return item


def _lock_annotator(annotator: User) -> None:
    """Two tabs of one person take turns, so that both show the same item."""
    User.objects.select_for_update(of=("self",), no_key=True).filter(pk=annotator.pk).values("pk").first()


def _lock_first(items: QuerySet[ReviewItem]) -> ReviewItem | None:
    return items.select_for_update(skip_locked=True, of=("self",)).first()


def _count(rows: QuerySet[Rating] | QuerySet[ReviewLease]) -> Coalesce:
    counted = rows.order_by().values("item").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
