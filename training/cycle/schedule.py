"""Training by itself: when a character's next run will start, why or why not; and starting it.

The clock is django-celery-beat's, one periodic task a policy. What it starts is asked for like any other run, so a
clock that rings twice starts one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from training.cycle.approve import decide_snapshot
from training.cycle.foresee import Foreseen, Outcome, foresee, tell
from training.cycle.freeze import freeze_snapshot
from training.cycle.refusals import TrainingRefused
from training.cycle.train import ask_for_run, check_config
from training.models import RetrainPolicy, Snapshot, SnapshotState, TrainingRun
from training.models.runs import RunTrigger

TASK: Final = "training.tasks.start_due"


@dataclass(frozen=True)
class NextRun:
    """`when`: the next time the clock rings; None where it is switched off. `why`: for people, in their language."""

    starts: bool | None  # None: if what runs now is over by then
    when: datetime | None
    why: str


def describe_next(policy: RetrainPolicy, now: datetime | None = None) -> NextRun:
    now = now or timezone.now()
    when = find_next_time(policy, now) if policy.is_enabled else None
    foreseen = foresee(policy, when or now, now)
    starts = None if foreseen.outcome == Outcome.IF_FREE else foreseen.starts
    return NextRun(starts, when, tell(foreseen.dump()))


def find_next_time(policy: RetrainPolicy, now: datetime) -> datetime:
    schedule = policy.crontab.schedule
    start, until, _now = schedule.remaining_delta(now.astimezone(schedule.tz))
    when: datetime = start + until
    return when


@transaction.atomic
def start_due(policy_id: int | str) -> TrainingRun | None:
    """The run that is due now, or None and, in the policy, the reason. A policy that is gone takes its clock along."""
    policy = RetrainPolicy.objects.select_for_update(of=("self",)).filter(pk=policy_id).first()
    if policy is None:
        PeriodicTask.objects.filter(name=name_clock(policy_id)).delete()
        return None
    now = timezone.now()
    foreseen = foresee(policy, now, now)
    run, refusal = None, foreseen.dump()
    try:
        with transaction.atomic():
            if foreseen.starts:
                run, refusal = _start(policy, foreseen.snapshot), {}
            elif foreseen.outcome == Outcome.FREEZES:
                _freeze(policy)
                refusal = Foreseen(Outcome.WAITING).dump()
    except TrainingRefused as refused:
        refusal = {"code": refused.code, "figures": {"detail": refused.detail}}
    policy.last_refusal = refusal
    policy.dt_checked = now
    policy.save(update_fields=["last_refusal", "dt_checked"])
    return run


def _start(policy: RetrainPolicy, ready: Snapshot | None) -> TrainingRun:
    """Raises TrainingRefused."""
    snapshot = ready or _freeze(policy)
    if snapshot.state == SnapshotState.BUILT and policy.approver is not None:
        snapshot = decide_snapshot(
            snapshot, policy.approver, is_approved=True, note=_("예약된 재학습에 미리 준 승인이에요.")
        )
    config = {"preset": policy.preset, **policy.changes}
    return ask_for_run(snapshot, by=None, trigger=RunTrigger.SCHEDULE, config=config)


def _freeze(policy: RetrainPolicy) -> Snapshot:
    """Raises TrainingRefused."""
    snapshot = freeze_snapshot(policy.character, built_by=None)
    if snapshot.state != SnapshotState.BUILT:
        raise TrainingRefused("nothing_new")  # somebody has decided on the same content already
    return snapshot


@transaction.atomic
def save_policy(policy: RetrainPolicy) -> RetrainPolicy:
    """The policy with its one clock. Raises RunRefused for settings that no run would take."""
    check_config({"preset": policy.preset, **policy.changes})
    policy.save()
    PeriodicTask.objects.update_or_create(
        name=name_clock(policy.pk),
        defaults={
            "task": TASK,
            "args": json.dumps([str(policy.pk)]),
            "crontab": policy.crontab,
            "enabled": policy.is_enabled,
            "interval": None,
            "solar": None,
            "clocked": None,
        },
    )
    return policy


def delete_policy(policy: RetrainPolicy) -> None:
    PeriodicTask.objects.filter(name=name_clock(policy.pk)).delete()
    policy.delete()


def name_clock(policy_id: int | str) -> str:
    return f"retrain {policy_id}"
