"""Training by itself: the line that says whether and why, and the start that keeps to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from django.utils.translation import override
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from chat.models import ConsentKind
from tests.builders import build_character, build_user, grant
from tests.flywheel_rows import MESSAGES, build_answered, build_giver, build_pairs, build_staff, correct
from tests.integration.runs_world import build_adapter, build_snapshot
from training.cycle import foresee, schedule
from training.cycle.approve import decide_snapshot
from training.cycle.foresee import count_new_pairs, tell
from training.cycle.freeze import freeze_snapshot
from training.cycle.run_refusals import RunRefused
from training.cycle.schedule import describe_next, save_policy, start_due
from training.models import RetrainPolicy, RunState, Snapshot, SnapshotState, TrainingRun

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
    monkeypatch.setattr(foresee, "count_new_pairs", lambda character: made.new_pairs)
    built = {"state": SnapshotState.BUILT}
    monkeypatch.setattr(schedule, "freeze_snapshot", lambda *args, **kwargs: build_snapshot(mary, tmp_path, **built))
    return made


@pytest.fixture
def kept(tmp_path: Any, settings: Any) -> RetrainPolicy:
    """A policy that two new pairs are enough for; pairs, snapshots and their files are real."""
    settings.MARY_RUNS_FOLDER = settings.MARY_SNAPSHOTS_FOLDER = tmp_path
    nightly, _ = CrontabSchedule.objects.get_or_create(minute="0", hour="3", timezone="Asia/Seoul")
    policy = RetrainPolicy(character=build_character("mary"), crontab=nightly, is_enabled=True, minimum_new_pairs=2)
    return save_policy(policy)


def check_told_is_kept(policy: RetrainPolicy) -> str:
    """What the line says of the next ring is what the ring does; the code of what it stored."""
    policy.refresh_from_db()
    told = describe_next(policy)
    assert (start_due(policy.pk) is not None) is told.starts, told.why
    policy.refresh_from_db()
    return policy.last_refusal.get("code", "")


def make_approver(policy: RetrainPolicy, *, may: bool = True) -> None:
    policy.approver = build_user("approver", is_staff=True)
    if may:
        policy.approver.user_permissions.add(Permission.objects.get(codename="approve_snapshot"))
    policy.save()


def finish_run(world: SimpleNamespace, hours_ago: float) -> None:
    now = timezone.now()
    TrainingRun.objects.create(
        snapshot=build_snapshot(world.mary, world.folder, first=50, dt_built=now - timedelta(days=9)),
        character=world.mary,
        state=RunState.DONE,
        dt_finished=now - timedelta(hours=hours_ago),
        adapter=build_adapter(world.mary),
    )


def test_enough_pairs_start_at_the_next_ring_of_the_clock(world):
    make_approver(world.policy)
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
    make_approver(world.policy)
    finish_run(world, hours_ago=1)
    world.policy.cooldown_hours = 24 * 3
    assert "쉬는 시간" in describe_next(world.policy).why
    world.policy.cooldown_hours = 0
    assert describe_next(world.policy).starts


def test_a_full_disk_is_said(world, monkeypatch):
    monkeypatch.setattr(foresee, "has_room", lambda *_: False)
    assert "디스크" in describe_next(world.policy).why


def test_with_a_standing_yes_the_run_is_asked_for_and_the_snapshot_names_who_gave_it(world):
    make_approver(world.policy)
    run = start_due(world.policy.pk)
    assert (run.trigger, run.state) == ("schedule", RunState.QUEUED)
    assert (run.snapshot.state, run.snapshot.decided_by) == (SnapshotState.APPROVED, world.policy.approver)
    world.policy.refresh_from_db()
    assert world.policy.last_refusal == {}


def test_without_one_the_snapshot_waits_and_the_next_ring_after_the_yes_starts_it(world):
    told = describe_next(world.policy)
    assert (told.starts, "스냅샷만" in told.why) == (False, True)
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert "승인" in tell(world.policy.last_refusal)
    assert "승인하면" in describe_next(world.policy).why
    waiting = Snapshot.objects.get(state=SnapshotState.BUILT)
    decide_snapshot(waiting, build_user("second"), is_approved=True)
    assert describe_next(world.policy).starts
    assert start_due(world.policy.pk).snapshot == waiting


def test_somebody_who_may_not_approve_any_more_gives_no_standing_yes(world):
    make_approver(world.policy, may=False)
    assert start_due(world.policy.pk) is None


def test_a_clock_that_rings_twice_starts_one(world):
    make_approver(world.policy)
    assert start_due(world.policy.pk) is not None
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert "다른 학습" in tell(world.policy.last_refusal)
    assert TrainingRun.objects.count() == 1


def test_what_runs_now_leaves_the_next_ring_open_and_stops_only_one_that_comes_too_early(world):
    make_approver(world.policy)
    other = build_character("mina")
    TrainingRun.objects.create(snapshot=build_snapshot(other, world.folder, first=50), character=other)
    told = describe_next(world.policy)
    assert (told.starts, "그때까지 끝나면" in told.why) == (None, True)
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert world.policy.last_refusal["code"] == "busy"


def test_a_run_of_the_same_character_has_to_end_a_cool_down_before_the_ring(world):
    make_approver(world.policy)
    start_due(world.policy.pk)
    world.policy.refresh_from_db()
    world.policy.cooldown_hours = 48
    told = describe_next(world.policy)
    assert (told.starts, "48시간" in told.why) == (False, True)
    world.policy.cooldown_hours = 0
    assert describe_next(world.policy).starts is None


def test_what_was_stored_at_a_ring_is_told_in_the_language_of_who_reads_it(world):
    world.new_pairs = 3
    start_due(world.policy.pk)
    world.policy.refresh_from_db()
    assert world.policy.last_refusal == {"code": "too_few", "figures": {"found": 3, "wanted": 50}}
    with override("ko"):
        assert "50개" in tell(world.policy.last_refusal)


def test_a_setting_that_no_run_takes_any_more_is_stored_as_its_code(world):
    make_approver(world.policy)
    RetrainPolicy.objects.update(preset="nobody's")
    assert start_due(world.policy.pk) is None
    world.policy.refresh_from_db()
    assert world.policy.last_refusal["code"] == "config_refused"
    assert "nobody's" in tell(world.policy.last_refusal)


def test_pairs_that_the_caps_leave_out_are_never_new(kept):
    loud, expert = build_giver(), build_staff()
    for number in range(9):
        correct(build_answered(loud, kept.character, MESSAGES[number % 4]), expert, f"{number}번째 마음도 들려주세요.")
    build_pairs(kept.character, expert, 1)
    assert count_new_pairs(kept.character) == 6
    freeze_snapshot(kept.character, None)
    assert count_new_pairs(kept.character) == 0


def test_a_snapshot_that_was_rejected_is_not_frozen_again(kept):
    make_approver(kept)
    build_pairs(kept.character, build_staff(), 4)
    decide_snapshot(freeze_snapshot(kept.character, None), build_staff(), is_approved=False)
    assert check_told_is_kept(kept) == "too_few"
    build_pairs(kept.character, build_staff(), 6)
    assert check_told_is_kept(kept) == ""


def test_what_the_approver_built_by_hand_waits_for_somebody_else(kept):
    make_approver(kept)
    build_pairs(kept.character, build_staff(), 4)
    freeze_snapshot(kept.character, kept.approver)
    assert check_told_is_kept(kept) == "waiting"


def test_a_standing_yes_that_comes_later_is_enough_for_the_snapshot_that_waits(kept):
    build_pairs(kept.character, build_staff(), 4)
    assert check_told_is_kept(kept) == "waiting"
    make_approver(kept)
    assert check_told_is_kept(kept) == ""


def test_a_snapshot_that_was_brought_in_is_read_by_a_person_first(kept, tmp_path):
    make_approver(kept)
    build_snapshot(kept.character, tmp_path, state=SnapshotState.BUILT, built_by=build_staff())
    assert check_told_is_kept(kept) == "waiting"


def test_pairs_whose_snapshot_was_tainted_before_a_run_are_new_again(kept):
    make_approver(kept)
    givers = build_pairs(kept.character, build_staff(), 4)
    freeze_snapshot(kept.character, None)
    grant(givers[0], ConsentKind.TRAINING, is_granted=False)
    assert count_new_pairs(kept.character) == 3
    assert check_told_is_kept(kept) == ""


def test_content_that_is_tainted_is_neither_promised_nor_frozen(kept):
    make_approver(kept)
    build_pairs(kept.character, build_staff(), 4)
    freeze_snapshot(kept.character, None)
    Snapshot.objects.update(state=SnapshotState.TAINTED, dt_tainted=timezone.now())
    assert check_told_is_kept(kept) == "nothing_new"


def test_a_run_that_failed_is_tried_again_and_one_that_was_called_off_is_not(kept):
    make_approver(kept)
    RetrainPolicy.objects.update(cooldown_hours=0)
    build_pairs(kept.character, build_staff(), 4)
    assert check_told_is_kept(kept) == ""
    ended = {"dt_finished": timezone.now(), "error_code": "trainer_killed"}
    TrainingRun.objects.update(state=RunState.FAILED, **ended)
    assert check_told_is_kept(kept) == ""
    TrainingRun.objects.update(state=RunState.CANCELLED, **ended)
    assert check_told_is_kept(kept) == "too_few"


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
