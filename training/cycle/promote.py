"""Flow 14 | runs in: web (admin) | takes: a passed gate and a person's yes | gives: a release for chat.serving."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from chat.models import Adapter, Release, ReleaseState, User
from chat.serving.live import find_live_adapter
from chat.serving.publish import publish
from training.cycle.arena import count_votes
from training.cycle.refusals import TrainingRefused
from training.models import Evaluation, EvaluationState, SnapshotState


def promote(evaluation: Evaluation, by: User, *, reason: str, canary_percent: int = 0) -> Release:
    """Raises TrainingRefused as `check_promotion` does, and ServingRefused where the serving side says no."""
    with transaction.atomic():
        judged = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
        # What is withdrawn meanwhile waits for this lock, or was first and is seen here.
        candidate = Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=judged.candidate_id)
        check_promotion(judged, candidate)
        return publish(candidate, decided_by=by, reason=reason, canary_percent=canary_percent)


def check_promotion(evaluation: Evaluation, candidate: Adapter) -> None:
    """What is missing is a no.

    Raises TrainingRefused: not_passed, adapter_tainted, snapshot_tainted, stale_evaluation, newer_evaluation,
    was_rolled_back, arena_worse.
    """
    if evaluation.state != EvaluationState.PASSED or not evaluation.report:
        raise TrainingRefused("not_passed")
    if candidate.is_tainted:
        raise TrainingRefused("adapter_tainted")
    if evaluation.run is None or evaluation.run.snapshot.state != SnapshotState.APPROVED:
        raise TrainingRefused("snapshot_tainted")
    if evaluation.run.parent is not None and evaluation.run.parent.is_tainted:
        raise TrainingRefused("adapter_tainted")
    if find_live_adapter(evaluation.character) != evaluation.live:
        raise TrainingRefused("stale_evaluation")
    if _has_newer(evaluation):
        raise TrainingRefused("newer_evaluation")
    if _was_rolled_back(candidate, since=evaluation.dt_queued):
        raise TrainingRefused("was_rolled_back")
    if count_votes(evaluation).is_candidate_worse:
        raise TrainingRefused("arena_worse")


def _has_newer(evaluation: Evaluation) -> bool:
    """Whether the same two were compared again, or are being compared: the newest word counts, whatever it says."""
    same = Evaluation.objects.filter(candidate=evaluation.candidate_id, live=evaluation.live_id)
    return same.filter(dt_queued__gt=evaluation.dt_queued).exists()


def _was_rolled_back(candidate: Adapter, *, since: datetime) -> bool:
    """By its trial, an expert or a decision by hand, which the evaluation could not know of when it was asked for."""
    ended = Release.objects.filter(adapter=candidate, state=ReleaseState.ROLLED_BACK)
    return ended.filter(dt_ended__gte=since).exists()
