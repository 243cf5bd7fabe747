"""Training by itself: the line that says whether and why, and the start that keeps to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from tests.builders import build_character, build_user
from tests.integration.runs_world import build_adapter, build_snapshot
from training.cycle import schedule
from training.cycle.run_refusals import RunRefused
from training.cycle.schedule import describe_next, save_policy, start_due
from training.models import RetrainPolicy, RunState, SnapshotState, TrainingRun

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 3, tzinfo=UTC)  # in Seoul


@pytest.fixture
def world(tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A policy for 03:00, with 60 new pairs and a freeze that gives the snapshot `frozen`."""
    settings.MARY_RUNS_FOLDER = settings.MARY_SNAPSHOTS_FOLDER = tmp_path
    mary = build_character("mary")
    nightly, _ = CrontabSchedule.objects.get_or_create(minute="0", hour="3", timezone="Asia/Seoul")
    policy = save_policy(RetrainPolicy(character=mary, crontab=nightly, is_enabled=True))
    made = SimpleNamespace(mary=mary, policy=policy, folder=tmp_path, new_pairs=60)
    monkeypatch.setattr(schedule, "count_new_pairs", lambda policy: made.new_pairs)
    built = {"state": SnapshotState.BUILT}
    monkeypatch.setattr(schedule, "freeze_snapshot", lambda *args, **kwargs: build_snapshot(mary, tmp_path, **built))
    return made


def make_approver(policy: RetrainPolicy, *, may: bool = True) -> None:
    policy.approver = build_user("approver", is_staff=True)
    if may:
        policy.approver.user_permissions.add(Permission.objects.get(codename="approve_snapshot"))
    policy.save()


def finish_run(world: SimpleNamespace, hours_ago: float) -> None:
    now = timezone.now()
    TrainingRun.objects.create(
        snapshot=build_snapshot(world.mary, world.folder, first=50),
        character=world.mary,
        state=RunState.DONE,
        dt_finished=now - timedelta(hours=hours_ago),
        adapter=build_adapter(world.mary),
    )


def test_enough_pairs_start_at_the_next_ring_of_the_clock(world):
    found = describe_next(world.policy, NOON)
    assert found.starts
    assert found.when == datetime(2026, 11, 21, 18, tzinfo=UTC)  # 03:00 of the next day in Seoul
    assert "60" in found.why


def test_too_few_pairs_say_how_many_are_wanted(world):
    world.new_pairs = 3
    found = describe_next(world.policy, NOON)
    assert not found.starts
    assert "50" in found.why
    assert "3" in found.why


def test_a_policy_that_is_off_has_no_next_time(world):
    world.policy.is_enabled = False
    assert describe_next(world.policy).when is None


def test_the_cool_down_is_counted_until_the_next_ring(world):
    finish_run(world, hours_ago=1)
    world.policy.cooldown_hours = 24 * 3
    assert "쉬는 시간" in describe_next(world.policy).why
    world.policy.cooldown_hours = 0
    assert describe_next(world.policy).starts


def test_a_full_disk_is_said(world, monkeypatch):
    monkeypatch.setattr(schedule, "has_room", lambda *_: False)
    assert "디스크" in describe_next(world.policy).why


def test_with_a_standing_yes_the_run_is_asked_for_and_the_snapshot_names_who_gave_it(world):
    make_approver(world.policy)
    run = start_due(world.policy.pk)
    assert (run.trigger, run.state) == ("schedule", RunState.QUEUED)
    assert (run.snapshot.state, run.snapshot.decided_by) == (SnapshotState.APPROVED, world.policy.approver)
    world.policy.refresh_from_db()
    assert world.policy.last_refusal == ""


def test_without_one_the_snapshot_waits_and_the_next_ring_after_the_yes_starts_it(world):
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert "승인" in world.policy.last_refusal
    assert "승인" in describe_next(world.policy).why
    waiting = schedule.list_waiting(world.policy)[0]
    schedule.decide_snapshot(waiting, build_user("second"), is_approved=True)
    assert start_due(world.policy.pk).snapshot == waiting


def test_somebody_who_may_not_approve_any_more_gives_no_standing_yes(world):
    make_approver(world.policy, may=False)
    assert start_due(world.policy.pk) is None


def test_a_clock_that_rings_twice_starts_one(world):
    make_approver(world.policy)
    assert start_due(world.policy.pk) is not None
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert "다른 학습" in world.policy.last_refusal
    assert TrainingRun.objects.count() == 1


def test_a_policy_has_one_clock_and_a_clock_without_a_policy_goes(world):
    world.policy.is_enabled = False
    save_policy(world.policy)
    clock = PeriodicTask.objects.get(task=schedule.TASK)
    assert (clock.enabled, clock.crontab) == (False, world.policy.crontab)
    key = world.policy.pk
    world.policy.delete()
    assert start_due(key) is None
    assert not PeriodicTask.objects.filter(task=schedule.TASK).exists()


def test_settings_that_no_run_would_take_are_refused_when_the_policy_is_saved(world):
    world.policy.changes = {"rank": 3}
    with pytest.raises(RunRefused, match="config_refused"):
        save_policy(world.policy)
