"""Which replies experts should look at, and in which order: by written rule, from users who let people read along.

Idempotent and incremental: a reply has one item, and a new reason only raises an open one. A pass looks at what has
changed in the last days, and at the last month of whoever has just allowed reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from chat.models import Consent, Dialog, Feedback, FeedbackReason, Release, Reply, ReplyState
from chat.models.releases import ReleaseState
from training.cycle.crisis_turns import has_crisis_so_far
from training.cycle.pairing import CRISIS_LEVEL
from training.evaluation.forms import list_form_faults
from training.models import ItemState, ReviewItem
from training.models.consents import NEEDED_FOR_REVIEW, list_users_allowing_review
from training.models.items import DEFAULT_REVIEWS, QueueReason

WEIGHTS: Final[dict[str, float]] = {
    QueueReason.CRISIS: 8.0,
    QueueReason.UNSAFE: 6.0,
    QueueReason.THUMBS_DOWN: 4.0,
    QueueReason.SIBLINGS: 2.5,
    QueueReason.CANARY: 2.0,
    QueueReason.REGENERATED: 1.5,
    QueueReason.LOW_CONFIDENCE: 1.0,
    QueueReason.GOOD_SAMPLE: 0.5,
}
"""What a reason is worth; an item's priority is the sum of its reasons."""
ROUGH_FAULTS: Final = frozenset({"loop", "unfinished", "characters", "length"})
"""Faults of form that speak of a reply that went wrong, whatever the character's own form is."""
RECENT: Final = timedelta(days=2)
MEMORY: Final = timedelta(days=30)
DIALOGS_AT_ONCE: Final = 500
USABLE_STATES: Final = (ReplyState.DONE, ReplyState.STOPPED)
OVERLAP_REVIEWS: Final = 2
"""Experts who look at the same item, for the share by which it is measured how alike they judge."""


def fill_queue(now: datetime, *, since: datetime | None = None) -> int:
    """Queue what the rule names; returns how many items are new."""
    dialogs = list_changed_dialogs(now, since or now - RECENT)
    canaries = _list_canary_adapters()
    added = 0
    last: UUID | None = None
    while chunk := list((dialogs.filter(pk__gt=last) if last else dialogs)[:DIALOGS_AT_ONCE]):
        added += _queue_chunk(chunk, canaries, now)
        last = chunk[-1].pk
    return added


def list_changed_dialogs(now: datetime, since: datetime) -> QuerySet[Dialog]:
    """Of consenting users: with a reply or a thumb from `since` on, or all recent ones of those who just consented.

    A dialog that its user took back never comes in again, neither do its other answers.
    """
    taken_back = ReviewItem.objects.filter(reply__dialog=OuterRef("pk"), state=ItemState.WITHDRAWN)
    finished = Reply.objects.filter(dt_finished__gte=since).values("dialog_id")
    felt = Feedback.objects.filter(dt_feedback__gte=since).values("reply__dialog_id")
    newly = Consent.objects.filter(kind__in=NEEDED_FOR_REVIEW, is_granted=True, dt_decided__gte=since).values("user")
    everything = Dialog.objects.filter(user_id__in=list_users_allowing_review())
    changed = everything.filter(pk__in=finished) | everything.filter(pk__in=felt)
    changed |= everything.filter(user_id__in=newly, dt_dialog__gte=now - MEMORY)
    usable = Reply.objects.filter(state__in=USABLE_STATES).exclude(text="").order_by("number")
    replies = Prefetch("replies", usable.prefetch_related("feedback"))
    changed = changed.filter(~Exists(taken_back)).annotate(is_clinical=has_crisis_so_far("counsel", "seq"))
    return changed.select_related("counsel__character").prefetch_related(replies).order_by("pk")


def list_reasons(dialog: Dialog, reply: Reply, character: str, canaries: frozenset[str]) -> list[str]:
    """Every reason why this answer is worth a look, in a fixed order; none for one that is not."""
    thumbs = _list_thumbs_down(reply)
    siblings = list(dialog.replies.all())
    found = {
        QueueReason.CRISIS: dialog.crisis_level >= CRISIS_LEVEL,
        QueueReason.UNSAFE: any(FeedbackReason.UNSAFE in thumb.reasons for thumb in thumbs),
        QueueReason.THUMBS_DOWN: bool(thumbs),
        QueueReason.SIBLINGS: len(siblings) > 1,
        QueueReason.CANARY: reply.adapter in canaries,
        QueueReason.REGENERATED: any(other.number > reply.number for other in siblings),
        QueueReason.LOW_CONFIDENCE: not ROUGH_FAULTS.isdisjoint(list_form_faults(character, reply.text)),
        QueueReason.GOOD_SAMPLE: is_sampled(reply.pk),
    }
    return [str(reason) for reason, holds in found.items() if holds]


def is_sampled(reply_id: UUID) -> bool:
    sample, _ = _draw(reply_id)
    return sample < float(settings.MARY_REVIEW_SAMPLE_SHARE)


def count_needed(reply_id: UUID) -> int:
    """How many experts look at this reply."""
    _, overlap = _draw(reply_id)
    return OVERLAP_REVIEWS if overlap < float(settings.MARY_REVIEW_OVERLAP_SHARE) else DEFAULT_REVIEWS


def _draw(reply_id: UUID) -> tuple[float, float]:
    """Two places from 0 to 1 that have nothing to do with each other: one for the sample, one for the overlap.

    They depend on nothing but the id, so that every pass and every process draws the same.
    """
    digest = hashlib.sha256(reply_id.bytes).digest()
    return int.from_bytes(digest[:8]) / 2**64, int.from_bytes(digest[8:16]) / 2**64


def weigh(reasons: Iterable[str]) -> float:
    return sum(WEIGHTS[reason] for reason in set(reasons))


def _list_canary_adapters() -> frozenset[str]:
    names = Release.objects.filter(state=ReleaseState.CANARY).values_list("adapter__name", flat=True)
    return frozenset(name for name in names if name)


def _queue_chunk(dialogs: list[Dialog], canaries: frozenset[str], now: datetime) -> int:
    wanted = {item.reply_id: item for item in _build_items(dialogs, canaries, now)}
    known = ReviewItem.objects.filter(reply_id__in=wanted)
    _raise_known(known, wanted)
    queued = set(known.values_list("reply_id", flat=True))
    new = [item for reply_id, item in wanted.items() if reply_id not in queued]
    ReviewItem.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _build_items(dialogs: list[Dialog], canaries: frozenset[str], now: datetime) -> Iterator[ReviewItem]:
    for dialog in dialogs:
        for reply in _list_candidates(dialog):
            reasons = list_reasons(dialog, reply, dialog.counsel.character.key, canaries)
            if reasons:
                yield ReviewItem(
                    reply=reply,
                    user_id=dialog.user_id,
                    reasons=reasons,
                    priority=weigh(reasons),
                    needs_clinical=dialog.is_clinical,  # type: ignore[attr-defined]
                    needed=count_needed(reply.pk),
                    dt_queued=now,
                )


def _list_candidates(dialog: Dialog) -> Iterator[Reply]:
    """The answer that stands, and each other one that the user marked; siblings are compared on the same screen."""
    for reply in dialog.replies.all():
        if reply.state == ReplyState.DONE and (reply.pk == dialog.chosen_reply_id or _list_thumbs_down(reply)):
            yield reply


def _list_thumbs_down(reply: Reply) -> list[Feedback]:
    return [thumb for thumb in reply.feedback.all() if thumb.value == Feedback.Value.DOWN]


@transaction.atomic
def _raise_known(known: QuerySet[ReviewItem], wanted: dict[UUID, ReviewItem]) -> None:
    """Reasons only add up; what experts have finished stays finished."""
    changed = []
    for item in known.filter(state=ItemState.OPEN).select_for_update().order_by("pk"):
        fresh = wanted[item.reply_id]
        reasons = [*item.reasons, *(reason for reason in fresh.reasons if reason not in item.reasons)]
        if len(reasons) > len(item.reasons) or fresh.needs_clinical > item.needs_clinical:
            item.reasons, item.priority = reasons, weigh(reasons)
            item.needs_clinical = item.needs_clinical or fresh.needs_clinical
            changed.append(item)
    ReviewItem.objects.bulk_update(changed, ["reasons", "priority", "needs_clinical"])
