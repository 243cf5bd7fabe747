"""What the users' replies say of an adapter that some of them try: worse → rolled back, enough and no worse → live.

A reply counts once, when its settling time is over, with what is known then; what it said is kept, so that a later look
only adds to the sequence. Each is compared with the one of the other side that is nearest in time: what troubles both
sides for an hour is no sign against either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.models import FINAL_STATES, Feedback, FeedbackReason, Release, ReleaseState, Reply, ReplyState
from chat.serving.roll_back import call_off
from chat.serving.sequential import measure_evidence
from chat.serving.settle import lock_release, make_live
from chat.serving.trial import Outcome, Trial

RATES: Final = ("thumbs_down", "regenerated", "failed", "unsafe")
WORSE: Final = "trial_worse:{rates}:"  # put into words by chat.admin.release_ends
REPLIES_A_LOOK: Final = 5000
"""The rest is for the next look, so that a long silence of the scheduler costs no memory."""


def judge_canaries() -> int:
    """How many releases were ended or made live. Idempotent."""
    open_ones = Release.objects.filter(state=ReleaseState.CANARY).values_list("pk", flat=True)
    return sum(_judge(pk) for pk in list(open_ones))


@transaction.atomic
def _judge(release_id: Any) -> bool:
    release = lock_release(release_id)
    if release.state != ReleaseState.CANARY or release.adapter is None:
        return False
    trial = Trial.load(release.figures.get("trial"))
    _hear(release, release.adapter.name, trial)
    figures = describe_arms(trial.blocks)
    release.figures |= {"trial": trial.dump(), "rates": figures}
    release.save(update_fields=["figures"])
    limit = len(RATES) / settings.MARY_CANARY_FALSE_ALARM  # each rate gets its share of the false alarms
    worse = [rate for rate in RATES if figures[rate]["evidence"] >= limit]
    if worse:
        call_off(release, end_reason=WORSE.format(rates=",".join(worse)))
    elif len(trial.blocks) >= settings.MARY_CANARY_REPLIES:
        make_live(release)
    else:
        return False
    return True


def _hear(release: Release, adapter: str, trial: Trial) -> None:
    for name, dt_finished, reply_id, *outcome in _list_settled(release, adapter, trial.heard_until):
        if len(trial.blocks) == settings.MARY_CANARY_REPLIES:
            return
        trial.hear(name == adapter, tuple(map(bool, outcome)), (dt_finished, reply_id))


def describe_arms(blocks: Sequence[tuple[Outcome, Outcome]]) -> dict[str, dict[str, Any]]:
    """Of each rate: bad replies and all replies of both arms, and the evidence that the new one is worse."""
    return {
        rate: {
            "canary": [sum(new[index] for new, _ in blocks), len(blocks)],
            "live": [sum(old[index] for _, old in blocks), len(blocks)],
            "evidence": measure_evidence((new[index], old[index]) for new, old in blocks),
        }
        for index, rate in enumerate(RATES)
    }


def _list_settled(release: Release, adapter: str, heard_until: tuple[datetime, UUID] | None) -> QuerySet[Any, Any]:
    """Replies of both arms since the trial began and not yet heard, oldest first: adapter, end, id, then the RATES.

    The safety prompt is written without an adapter, for both arms alike.
    """
    settle = timedelta(seconds=settings.MARY_CANARY_SETTLE_SECONDS)
    in_time = Q(reply=OuterRef("pk"), dt_feedback__lte=OuterRef("dt_finished") + settle)
    siblings = Reply.objects.filter(dialog=OuterRef("dialog"), number__gt=OuterRef("number"))
    rows = (
        Reply.objects.filter(dialog__counsel__character=release.character, dt_started__gte=release.dt_verified)
        .filter(adapter__in=(adapter, release.character.adapter))
        .filter(state__in=FINAL_STATES, dt_finished__lte=timezone.now() - settle)
        .exclude(Q(adapter="", lm="") | Q(prompt_version__startswith="safety"))
    )
    if heard_until is not None:
        moment, last = heard_until
        rows = rows.filter(Q(dt_finished__gt=moment) | Q(dt_finished=moment, pk__gt=last))
    return (
        rows.annotate(
            is_thumbs_down=Exists(Feedback.objects.filter(in_time, value=Feedback.Value.DOWN)),
            is_regenerated=Exists(siblings.filter(dt_queued__lte=OuterRef("dt_finished") + settle)),
            is_failed=Q(state=ReplyState.FAILED),
            is_unsafe=Exists(Feedback.objects.filter(in_time, reasons__contains=[FeedbackReason.UNSAFE])),
        )
        .order_by("dt_finished", "pk")
        .values_list("adapter", "dt_finished", "pk", *(f"is_{rate}" for rate in RATES))[:REPLIES_A_LOOK]
    )
