"""One person's vote among runs that stand side by side. Among the same runs a later vote replaces the earlier one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from chat.models import User
from training.models import RunVote, TrainingRun


@transaction.atomic
def vote_for_run(run: TrainingRun, among: Collection[UUID], voter: User) -> RunVote:
    """`among`: the runs that were compared. Idempotent."""
    RunVote.objects.filter(voter=voter, run__in=among).exclude(run=run).delete()
    vote, _ = RunVote.objects.get_or_create(run=run, voter=voter)
    return vote


def count_votes_of_runs(runs: Collection[UUID]) -> dict[UUID, int]:
    rows = RunVote.objects.filter(run__in=runs).values("run").annotate(number=Count("pk"))
    return {row["run"]: row["number"] for row in rows}
