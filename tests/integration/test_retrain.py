"""After a withdrawal: clean runs are tried until one is done, and the receipt is open until then."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from django.utils import timezone

from chat.models import Adapter, Character, ConsentKind, Release
from tests.builders import build_character, grant
from tests.flywheel_rows import build_adapter, build_pairs, build_staff
from training.cycle import retrain
from training.cycle.approve import decide_snapshot
from training.cycle.freeze import freeze_snapshot
from training.cycle.retrain import close_receipts, retrain_clean, sweep_receipts
from training.models import RunState, Snapshot, TrainingRun, Withdrawal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("training_folders")]


@pytest.fixture
def mary() -> Character:
    return build_character("mary")


def withdraw(character: Character, *, users: int = 12, leaving: int = 1) -> Withdrawal:
    """Of that many users' pairs an adapter was made; some of them take theirs back. The last receipt."""
    givers = build_pairs(character, build_staff(), users)
    snapshot = decide_snapshot(freeze_snapshot(character, None), build_staff(), is_approved=True)
    finish(TrainingRun(snapshot=snapshot, character=character, config={"preset": "starter-dpo"}))
    for giver in givers[:leaving]:
        grant(giver, ConsentKind.TRAINING, is_granted=False)
    return Withdrawal.objects.latest("dt_withdrawn")


def finish(run: TrainingRun) -> Adapter:
    run.adapter, run.state, run.dt_finished = build_adapter(run.character), RunState.DONE, timezone.now()
    run.save()
    return run.adapter


def end(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(
        state=RunState.FAILED, dt_finished=timezone.now(), error_code="trainer_killed"
    )


def test_a_clean_run_that_failed_is_asked_for_again(mary):
    (failed,) = retrain_clean(withdraw(mary).pk)
    assert sweep_receipts() == []  # it still waits
    end(failed)
    (again,) = sweep_receipts()
    assert (again.snapshot, again.state, again.trigger) == (failed.snapshot, "queued", "withdrawal")


def test_a_first_try_that_never_came_is_made_up_for(mary):
    withdraw(mary)
    assert len(sweep_receipts()) == 1


def test_a_run_that_was_asked_for_meanwhile_counts_once_it_is_done_and_not_when_it_failed(mary):
    receipt = withdraw(mary)
    (run,) = retrain_clean(receipt.pk)
    TrainingRun.objects.filter(pk=run.pk).update(trigger="hand")
    assert retrain_clean(receipt.pk) == []
    finish(run)
    assert sweep_receipts() == []
    assert close_receipts() == 1


def test_a_clean_run_whose_parent_was_tainted_later_does_not_count(mary):
    receipt = withdraw(mary)
    (run,) = retrain_clean(receipt.pk)
    adapter = finish(run)
    Adapter.objects.filter(pk=adapter.pk).update(is_tainted=True, dt_tainted=timezone.now())
    assert close_receipts() == 0
    assert len(sweep_receipts()) == 1


def test_a_receipt_stays_open_until_the_clean_run_is_done(mary):
    (run,) = retrain_clean(withdraw(mary).pk)
    assert close_receipts() == 0
    finish(run)
    assert close_receipts() == 1
    assert sweep_receipts() == []


def test_a_receipt_stays_open_while_the_tainted_adapter_serves(mary):
    (run,) = retrain_clean(withdraw(mary).pk)
    finish(run)
    now = timezone.now()
    tainted = Adapter.objects.get(is_tainted=True)
    release = Release.objects.create(character=mary, adapter=tainted, state="live", dt_verified=now, dt_live=now)
    assert close_receipts() == 0
    Release.objects.filter(pk=release.pk).update(state="superseded", dt_ended=now)
    assert close_receipts() == 1


def test_where_nothing_is_left_to_learn_the_receipt_closes_without_a_run(mary):
    withdraw(mary, users=2, leaving=2)
    assert sweep_receipts() == []
    assert close_receipts() >= 1
    assert not Withdrawal.objects.filter(dt_retrained=None).exclude(adapters=[]).exists()


def test_a_clean_run_that_is_refused_is_logged_and_the_receipt_stays_open(mary, caplog):
    receipt = withdraw(mary)
    TrainingRun.objects.filter(snapshot__digest__in=receipt.snapshots).update(config={"preset": "nobody's"})
    with caplog.at_level(logging.WARNING, logger=retrain.__name__):
        assert sweep_receipts() == []
    assert "config_refused" in caplog.text
    assert close_receipts() == 0


def test_whether_a_receipt_may_close_is_found_out_without_a_new_snapshot(mary, settings):
    withdraw(mary)
    before = Snapshot.objects.count(), len(list(Path(settings.MARY_SNAPSHOTS_FOLDER).glob("*")))
    assert close_receipts() == 0
    assert (Snapshot.objects.count(), len(list(Path(settings.MARY_SNAPSHOTS_FOLDER).glob("*")))) == before


def test_the_hourly_task_tries_again_before_it_closes(mary):
    from training.tasks import close_receipts as task

    withdraw(mary)
    assert task() == 0
    assert Snapshot.objects.filter(runs__trigger="withdrawal").count() == 1
