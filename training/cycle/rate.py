"""Flow 09 | runs in: web (admin) | takes: a verdict or correction on a stored reply | gives: a rating.

The item's row is locked first, then role, consent and lease are looked at again. What the person did is stored as it
was done; pairs are derived later. The same act twice is one rating; a changed one is its next version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.models import Reply, User
from training.bell import ring
from training.cycle.correction import clean_correction
from training.cycle.crisis_turns import shows_crisis
from training.cycle.lease import (
    REVIEW_CRISIS,
    check_may_rate,
    exclude_rated,
    list_readable,
    list_takeable,
    lock_item,
    pass_on,
)
from training.cycle.masked_room import SHOWN_STATES, read_masked_room
from training.cycle.review_refusals import ReviewRefused
from training.cycle.settle import settle_item
from training.cycle.stop_canary import stop_canary
from training.models import SCALES, ItemState, Rating, RatingReason, ReviewItem, ReviewLease
from training.models.consents import list_users_allowing_review
from training.models.ratings import MAX_COMMENT_CHARACTERS

ADJUDICATE: Final = "training.adjudicate"
LONGEST_SECONDS: Final = 3600
BOUNDS: Final = {scale.key: (scale.low, scale.high) for scale in SCALES}


@dataclass(frozen=True, slots=True)
class RatingAct:
    """What one expert says about one reply; empty means not judged."""

    overall: int | None = None
    scores: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    correction: str = ""
    preferred_reply_id: UUID | None = None
    shown_reply_ids: tuple[UUID, ...] = ()
    is_both_bad: bool = False
    comment: str = ""
    seconds: int = 0


@transaction.atomic
def rate_reply(item_id: UUID, annotator: User, act: RatingAct) -> Rating:
    """Raises ReviewRefused: not_allowed, item_gone, consent_gone, lease_lost, and those of `_check_act`."""
    check_may_rate(annotator)
    item = lock_item(item_id)
    check_may_read(item, annotator)
    now = timezone.now()
    former = Rating.objects.filter(item=item, annotator=annotator).first()
    if not (former is not None and former.dt_withdrawn is None) and not _holds(item, annotator, now):
        raise ReviewRefused("lease_lost")
    if former is not None and former.is_authoritative:
        raise ReviewRefused("already_decided")
    return _store(item, annotator, former, _check_act(item, act), now)


@transaction.atomic
def adjudicate(item_id: UUID, reviewer: User, act: RatingAct) -> Rating:
    """The one authoritative rating of an item on which experts differ, by somebody who has not rated it.

    Who decided may change their decision as long as it stands.

    Raises ReviewRefused: not_allowed, item_gone, consent_gone, not_disputed, already_decided, own_rating, and those of
    `_check_act`.
    """
    if not reviewer.is_active or not reviewer.has_perm(ADJUDICATE):
        raise ReviewRefused("not_allowed")
    item = lock_item(item_id)
    check_may_read(item, reviewer)
    standing = Rating.objects.standing().filter(item=item)
    former = Rating.objects.filter(item=item, annotator=reviewer).first()
    if standing.filter(is_authoritative=True).exclude(annotator=reviewer).exists():
        raise ReviewRefused("already_decided")
    if former is not None and former.dt_withdrawn is None and not former.is_authoritative:
        raise ReviewRefused("own_rating")
    is_own_decision = former is not None and former.is_authoritative and former.dt_withdrawn is None
    if item.state != ItemState.DISPUTED and not is_own_decision:
        raise ReviewRefused("not_disputed")
    return _store(item, reviewer, former, _check_act(item, act), timezone.now(), is_authoritative=True)


def find_dispute(reviewer: User) -> ReviewItem | None:
    """What this person may decide next: disputed, readable to them and not rated by them."""
    disputed = ReviewItem.objects.of_consenting_users().filter(state=ItemState.DISPUTED)
    items = exclude_rated(list_readable(disputed, reviewer), reviewer)
    return items.order_by("-priority", "dt_queued", "pk").first()


def check_may_read(item: ReviewItem, expert: User) -> None:
    """Asked at every reading and writing. Raises ReviewRefused: consent_gone, not_allowed."""
    is_granted = list_users_allowing_review().filter(pk=item.user_id).exists()
    if item.state == ItemState.WITHDRAWN or not is_granted:
        raise ReviewRefused("consent_gone")
    if not expert.has_perm(REVIEW_CRISIS) and (item.needs_clinical or shows_crisis(item.reply.dialog)):
        raise ReviewRefused("not_allowed")


def _holds(item: ReviewItem, annotator: User, now: datetime) -> bool:
    """A lease that ran out does no harm as long as nobody else has taken the place."""
    held = ReviewLease.objects.filter(item=item, annotator=annotator, dt_until__gt=now).exists()
    return held or list_takeable(annotator, now).filter(pk=item.pk).exists()


def _check_act(item: ReviewItem, act: RatingAct) -> dict[str, Any]:
    """The act as columns. Raises ReviewRefused: says_nothing, out_of_scale, unknown_reason, not_a_sibling, …"""
    said = act.overall is not None or act.correction or act.preferred_reply_id or act.is_both_bad
    if not said:
        raise ReviewRefused("says_nothing")
    _check_figures({**act.scores, **({} if act.overall is None else {"overall": act.overall})})
    if not set(act.reasons) <= set(RatingReason.values):
        raise ReviewRefused("unknown_reason")
    if len(act.comment) > MAX_COMMENT_CHARACTERS:
        raise ReviewRefused("comment_too_long")
    if act.preferred_reply_id and (act.is_both_bad or not _is_sibling(item, act.preferred_reply_id)):
        raise ReviewRefused("not_a_sibling")
    columns = asdict(act)
    columns["seconds"] = min(max(act.seconds, 0), LONGEST_SECONDS)
    columns["shown_reply_ids"] = _list_shown(item, act)
    columns["scores"] = {key: act.scores[key] for key in BOUNDS if key in act.scores}
    columns["reasons"] = [reason for reason in RatingReason.values if reason in act.reasons]
    columns["comment"] = act.comment.replace("\0", "").strip()
    columns["correction"] = clean_correction(act.correction, _read_masked(item)) if act.correction else ""
    return columns


def _check_figures(figures: Mapping[str, int]) -> None:
    for key, figure in figures.items():
        low, high = BOUNDS.get(key, (1, 0))
        if isinstance(figure, bool) or not isinstance(figure, int) or not low <= figure <= high:
            raise ReviewRefused("out_of_scale")


def _is_sibling(item: ReviewItem, reply_id: UUID) -> bool:
    return _list_answers(item).filter(pk=reply_id).exists()


def _list_shown(item: ReviewItem, act: RatingAct) -> list[UUID]:
    """In the order of their numbers: the answers that stood side by side, the judged one and the one taken always."""
    claimed = {*act.shown_reply_ids, item.reply_id, act.preferred_reply_id or item.reply_id}
    return list(_list_answers(item).filter(pk__in=claimed).order_by("number").values_list("pk", flat=True))


def _list_answers(item: ReviewItem) -> QuerySet[Reply]:
    return Reply.objects.filter(dialog_id=item.reply.dialog_id, state__in=SHOWN_STATES).exclude(text="")


def _read_masked(item: ReviewItem) -> str:
    dialog = item.reply.dialog
    room = read_masked_room(dialog.counsel_id, up_to_seq=dialog.seq)
    return room[-1].replies.get(item.reply_id, "")


def _store(
    item: ReviewItem,
    annotator: User,
    former: Rating | None,
    columns: dict[str, Any],
    now: datetime,
    *,
    is_authoritative: bool = False,
) -> Rating:
    pass_on(item, annotator)
    kept = [name for name in columns if name != "seconds"]
    is_same = former is not None and all(getattr(former, name) == columns[name] for name in kept)
    if former is not None and is_same and former.dt_withdrawn is None:
        return former
    rating = former or Rating(item=item, annotator=annotator, version=0)
    for name, value in columns.items():
        setattr(rating, name, value)
    rating.version += 1
    rating.is_authoritative = is_authoritative
    rating.is_clinical = annotator.has_perm(REVIEW_CRISIS)
    rating.dt_rated, rating.dt_withdrawn = now, None
    rating.save()
    settle_item(item)
    stop_canary(rating)
    ring("training.tasks.derive_pairs", str(item.reply.dialog_id))
    return rating
