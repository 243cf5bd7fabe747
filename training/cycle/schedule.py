"""Training by itself: whether a character's next run will start, when, why or why not; and starting it.

The clock is django-celery-beat's, one periodic task a policy. What it starts is asked for like any other run, so a
clock that rings twice starts one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from chat.models import User
from training.cycle.approve import decide_snapshot
from training.cycle.disk import estimate_need, has_room
from training.cycle.freeze import freeze_snapshot
from training.cycle.refusals import TrainingRefused
from training.cycle.train import ask_for_run, check_config
from training.models import LIVE_RUN_STATES, Pair, RetrainPolicy, RunState, Snapshot, SnapshotState, TrainingRun
from training.models.runs import RunTrigger

TASK: Final = "training.tasks.start_due"
APPROVE: Final = "training.approve_snapshot"
REFUSAL_CHARACTERS: Final = 200


@dataclass(frozen=True)
class NextRun:
    """`when`: the next time the clock rings; None where it is switched off. `why`: for people, in their language."""

    starts: bool
    when: datetime | None
    why: str


def describe_next(policy: RetrainPolicy, now: datetime | None = None) -> NextRun:
    """As things stand now, with the cool-down as it will stand then."""
    now = now or timezone.now()
    if not policy.is_enabled:
        return NextRun(False, None, _("꺼져 있어요. 켜면 정한 때에 확인해요."))
    when = find_next_time(policy, now)
    reason = find_refusal(policy, when)
    if reason:
        return NextRun(False, when, reason)
    found = count_new_pairs(policy)
    return NextRun(True, when, _("새 쌍이 %(found)d개 모여서 시작해요.") % {"found": found})


def find_next_time(policy: RetrainPolicy, now: datetime) -> datetime:
    schedule = policy.crontab.schedule
    start, until, _now = schedule.remaining_delta(now.astimezone(schedule.tz))
    when: datetime = start + until
    return when


def find_refusal(policy: RetrainPolicy, at: datetime) -> str:
    """Why a run would not start at that time; empty where it would. The cheapest questions come first."""
    runs = TrainingRun.objects.filter(character=policy.character)
    if TrainingRun.objects.filter(state__in=LIVE_RUN_STATES).exists():
        return _("다른 학습이 기다리거나 돌고 있어요.")
    last = runs.exclude(dt_finished=None).order_by("-dt_finished").first()
    if last is not None and last.dt_finished is not None:
        rested_at = last.dt_finished + timedelta(hours=policy.cooldown_hours)
        if at < rested_at:
            until = timezone.localtime(rested_at).strftime("%Y-%m-%d %H:%M")
            return _("지난 학습 뒤 쉬는 시간이에요. %(until)s부터 시작할 수 있어요.") % {"until": until}
    if not has_room(Path(settings.MARY_RUNS_FOLDER), estimate_need(policy.character)):
        return _("디스크에 자리가 모자라요. 자리를 비워 주세요.")
    if find_approved(policy) is not None:
        return ""
    if list_waiting(policy):
        return _("스냅샷이 승인을 기다리고 있어요. 승인하면 다음 시각에 시작해요.")
    found = count_new_pairs(policy)
    if found < policy.minimum_new_pairs:
        words = {"found": found, "wanted": policy.minimum_new_pairs}
        return _("새 쌍이 %(wanted)d개 모이면 시작해요. 지금은 %(found)d개예요.") % words
    return ""


def count_new_pairs(policy: RetrainPolicy) -> int:
    """Usable ones that the last whole run of this character has not learned from."""
    usable = Pair.objects.usable().filter(character=policy.character)
    last = find_last_done(policy)
    if last is not None:
        usable = usable.exclude(key__in=last.snapshot.pairs.values("pair_key"))
    return usable.count()


def find_last_done(policy: RetrainPolicy) -> TrainingRun | None:
    done = TrainingRun.objects.filter(character=policy.character, state=RunState.DONE)
    return done.select_related("snapshot").order_by("-dt_finished").first()


def find_approved(policy: RetrainPolicy) -> Snapshot | None:
    """The newest snapshot that somebody approved and nothing was made of yet."""
    newest = Snapshot.objects.filter(character=policy.character).first()
    is_unused = newest is not None and newest.state == SnapshotState.APPROVED and not newest.runs.exists()
    return newest if is_unused else None


def list_waiting(policy: RetrainPolicy) -> list[Snapshot]:
    if may_approve(policy.approver):
        return []
    newest = Snapshot.objects.filter(character=policy.character).first()
    return [newest] if newest is not None and newest.state == SnapshotState.BUILT else []


def may_approve(approver: User | None) -> bool:
    """Somebody whose standing yes the policy holds, and who may still give it."""
    return approver is not None and approver.is_active and approver.has_perm(APPROVE)


@transaction.atomic
def start_due(policy_id: int | str) -> TrainingRun | None:
    """The run that is due now, or None and, in the policy, the reason. A policy that is gone takes its clock along."""
    policy = RetrainPolicy.objects.select_for_update(of=("self",)).filter(pk=policy_id).first()
    if policy is None:
        PeriodicTask.objects.filter(name=name_clock(policy_id)).delete()
        return None
    run, refusal = None, ""
    if not policy.is_enabled:
        refusal = _("꺼져 있어요. 켜면 정한 때에 확인해요.")
    else:
        refusal = find_refusal(policy, timezone.now())
    if not refusal:
        try:
            with transaction.atomic():
                run = _start(policy)
            refusal = "" if run else _("스냅샷이 승인을 기다리고 있어요. 승인하면 다음 시각에 시작해요.")
        except TrainingRefused as refused:
            refusal = refused.message
    policy.last_refusal = refusal[:REFUSAL_CHARACTERS]
    policy.dt_checked = timezone.now()
    policy.save(update_fields=["last_refusal", "dt_checked"])
    return run


def _start(policy: RetrainPolicy) -> TrainingRun | None:
    """None where the new snapshot has to wait for a person. Raises TrainingRefused."""
    snapshot = find_approved(policy) or freeze_snapshot(policy.character, built_by=None)
    if snapshot.runs.filter(state=RunState.DONE).exists():
        raise TrainingRefused("no_pairs")  # what is new was left out by the caps of one user or of repeats
    if snapshot.state == SnapshotState.BUILT:
        if policy.approver is None or not may_approve(policy.approver):
            return None
        snapshot = decide_snapshot(
            snapshot, policy.approver, is_approved=True, note=_("예약된 재학습에 미리 준 승인이에요.")
        )
    config = {"preset": policy.preset, **policy.changes}
    return ask_for_run(snapshot, by=None, trigger=RunTrigger.SCHEDULE, config=config)


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
