"""Taking back the last thing that one did, as long as nothing was made of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from chat.models import User
from training.bell import ring
from training.cycle.lease import check_may_rate, hold, list_takeable, lock_item
from training.cycle.rate import check_may_read
from training.cycle.review_refusals import ReviewRefused
from training.cycle.settle import settle_item
from training.models import Rating, ReviewItem, ReviewLease, ReviewSkip, SnapshotPair

UNDO_WITHIN: Final = timedelta(hours=1)


@transaction.atomic
def undo_last(annotator: User) -> ReviewItem | None:
    """Withdraw this person's last rating or skip, reopen its item and lease it to them.

    None where the item is not theirs to take any more: others hold or have given all the ratings that it needs, or it
    was given to somebody. What was done is undone all the same.

    Raises ReviewRefused: not_allowed, nothing_to_undo, already_frozen, item_gone, consent_gone.
    """
    check_may_rate(annotator)
    now = timezone.now()
    rating, skipped = _find_last(annotator, now - UNDO_WITHIN)
    if rating is not None and (skipped is None or rating.dt_rated > skipped.dt_skipped):
        item = _withdraw(rating, now)
    elif skipped is not None:
        item = lock_item(skipped.item_id)
        skipped.delete()
    else:
        raise ReviewRefused("nothing_to_undo")
    check_may_read(item, annotator)
    if not list_takeable(annotator, now).filter(pk=item.pk).exists():
        return None
    ReviewLease.objects.filter(annotator=annotator).exclude(item=item).delete()
    return hold(item, annotator, now)


def _find_last(annotator: User, since: datetime) -> tuple[Rating | None, ReviewSkip | None]:
    ratings = Rating.objects.standing().filter(annotator=annotator, is_authoritative=False, dt_rated__gte=since)
    skips = ReviewSkip.objects.filter(annotator=annotator, dt_skipped__gte=since)
    return ratings.order_by("-dt_rated").first(), skips.order_by("-dt_skipped").first()


def _withdraw(rating: Rating, now: datetime) -> ReviewItem:
    item = lock_item(rating.item_id)
    if SnapshotPair.objects.filter(pair__ratings=rating).exists():
        raise ReviewRefused("already_frozen")
    Rating.objects.filter(pk=rating.pk).update(dt_withdrawn=now)
    ring("training.tasks.derive_pairs", str(item.reply.dialog_id))
    return settle_item(item)
