"""Where an item stands, derived from the ratings that stand on it. Who calls it holds the item's row lock.

no rating is missing and they agree → done      they differ → disputed      an authoritative one → done
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from training.cycle.pairing import GOOD_AS_IT_IS
from training.models import ItemState, Rating, ReviewItem

WIDEST_AGREEMENT: Final = 3
"""Points of ten by which two overall ratings may differ and still agree."""


def settle_item(item: ReviewItem) -> ReviewItem:
    """Bring the locked item's state in line with its ratings. Idempotent; what its user withdrew stays withdrawn."""
    if item.state == ItemState.WITHDRAWN:
        return item
    ratings = list(Rating.objects.standing().filter(item=item))
    state = find_state(ratings, item.needed)
    if state != item.state:
        item.state = state
        item.dt_done = timezone.now() if state == ItemState.DONE else None
        item.save(update_fields=["state", "dt_done"])
    return item


def find_state(ratings: Sequence[Rating], needed: int) -> ItemState:
    if any(rating.is_authoritative for rating in ratings):
        return ItemState.DONE
    if len(ratings) < needed:
        return ItemState.OPEN
    return ItemState.DISPUTED if is_disputed(ratings) else ItemState.DONE


def is_disputed(ratings: Sequence[Rating]) -> bool:
    """The written rule: overalls far apart, a correction of what another finds good, or different best answers."""
    overalls = [rating.overall for rating in ratings if rating.overall is not None]
    is_spread = bool(overalls) and max(overalls) - min(overalls) > WIDEST_AGREEMENT
    is_corrected = any(rating.correction for rating in ratings)
    is_good = any(not rating.correction and (rating.overall or 0) >= GOOD_AS_IT_IS for rating in ratings)
    best = {rating.preferred_reply_id for rating in ratings if rating.preferred_reply_id}
    is_split = len(best) > 1 or (bool(best) and any(rating.is_both_bad for rating in ratings))
    return is_spread or (is_corrected and is_good) or is_split
