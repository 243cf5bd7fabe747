"""What the users' replies say of an adapter that some of them try: worse → rolled back, enough and no worse → live.

A reply counts when its settling time is over, with what was known then, so that a later look sees the same sequence.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.models import FINAL_STATES, Feedback, FeedbackReason, Release, ReleaseState, Reply, ReplyState
from chat.serving.roll_back import call_off
from chat.serving.sequential import measure_evidence
from chat.serving.settle import lock_release, make_live

RATES: Final = ("thumbs_down", "regenerated", "failed", "unsafe")
WORSE: Final = "canary: {rate} is higher than with the live adapter"

Outcome = tuple[bool, ...]  # one for each of RATES


def judge_canaries() -> int:
    """How many releases were ended or made live. Idempotent."""
    open_ones = Release.objects.filter(state=ReleaseState.CANARY).values_list("pk", flat=True)
    return sum(_judge(pk) for pk in list(open_ones))


@transaction.atomic
def _judge(release_id: Any) -> bool:
    release = lock_release(release_id)
    if release.state != ReleaseState.CANARY or release.adapter is None:
        return False
    new, old = _list_outcomes(release, release.adapter.name), _list_outcomes(release, release.character.adapter)
    release.figures["rates"] = figures = describe_arms(new, old)
    release.save(update_fields=["figures"])
    limit = len(RATES) / settings.MARY_CANARY_FALSE_ALARM  # each rate gets its share of the false alarms
    worse = [rate for rate in RATES if figures[rate]["evidence"] >= limit]
    if worse:
        call_off(release, end_reason=WORSE.format(rate=", ".join(worse)))
    elif min(len(new), len(old)) >= settings.MARY_CANARY_REPLIES:
        make_live(release)
    else:
        return False
    return True


def describe_arms(new: list[Outcome], old: list[Outcome]) -> dict[str, dict[str, Any]]:
    """Of each rate: bad replies and all replies of both arms, and the evidence that the new one is worse."""
    return {
        rate: {
            "canary": [sum(outcome[index] for outcome in new), len(new)],
            "live": [sum(outcome[index] for outcome in old), len(old)],
            "evidence": measure_evidence((mine[index], theirs[index]) for mine, theirs in zip(new, old, strict=False)),
        }
        for index, rate in enumerate(RATES)
    }


def _list_outcomes(release: Release, adapter: str) -> list[Outcome]:
    """Oldest first, no more than are needed."""
    rows = _list_settled(release).filter(adapter=adapter).order_by("dt_finished", "pk")[: settings.MARY_CANARY_REPLIES]
    return [tuple(map(bool, row)) for row in rows.values_list(*(f"is_{rate}" for rate in RATES))]


def _list_settled(release: Release) -> QuerySet[Reply]:
    """Replies since the trial began. The safety prompt is written without an adapter, for both arms alike."""
    settle = timedelta(seconds=settings.MARY_CANARY_SETTLE_SECONDS)
    in_time = Q(reply=OuterRef("pk"), dt_feedback__lte=OuterRef("dt_finished") + settle)
    siblings = Reply.objects.filter(dialog=OuterRef("dialog"), number__gt=OuterRef("number"))
    return (
        Reply.objects.filter(dialog__counsel__character=release.character, dt_started__gte=release.dt_verified)
        .filter(state__in=FINAL_STATES, dt_finished__lte=timezone.now() - settle)
        .exclude(Q(lm="") | Q(prompt_version__startswith="safety"))
        .annotate(
            is_thumbs_down=Exists(Feedback.objects.filter(in_time, value=Feedback.Value.DOWN)),
            is_regenerated=Exists(siblings.filter(dt_queued__lte=OuterRef("dt_finished") + settle)),
            is_failed=Q(state=ReplyState.FAILED),
            is_unsafe=Exists(Feedback.objects.filter(in_time, reasons__contains=[FeedbackReason.UNSAFE])),
        )
    )
