"""What nobody holds any more is found, queued again, and given up after three times."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.db.models.functions import Now

from tests.builders import build_character
from tests.integration.runs_world import build_adapter, build_run, build_snapshot
from training.cycle import reconcile as module
from training.cycle.claim_run import claim_run, is_dead, name_machine, name_worker
from training.cycle.reconcile import STALE_AFTER, reconcile
from training.models import Evaluation, RunState, TrainingRun
from training.watched import GRACE_SECONDS, SILENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _an_old_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_database_young", lambda: False)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(module, "ring", heard.append)
    return heard


@pytest.fixture
def run(tmp_path: Any) -> TrainingRun:
    return build_run(build_snapshot(build_character("mary"), tmp_path))


def claim_and_die(run: TrainingRun, *, attempt: int = 1) -> None:
    assert claim_run() is not None
    TrainingRun.objects.filter(pk=run.pk).update(dt_heartbeat=Now() - timedelta(seconds=21), attempt=attempt)


def test_a_run_whose_heart_stopped_waits_again_and_its_bell_is_rung(run, rung):
    claim_and_die(run)
    assert reconcile().queued_again == 1
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.QUEUED, 1)
    assert rung == ["training.tasks.advance_runs"]
    assert claim_run().row.attempt == 2


def test_a_run_that_beats_is_left_alone(run, rung):
    claim_run()
    assert reconcile() == module.Reconciled(0, 0, False)
    assert rung == []


def test_a_run_that_was_lost_three_times_has_failed(run, rung):
    claim_and_die(run, attempt=3)
    assert reconcile().given_up == 1
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.FAILED, "worker_lost")


def test_a_lost_run_that_nobody_wants_any_more_is_cancelled(run, rung):
    claim_and_die(run)
    TrainingRun.objects.filter(pk=run.pk).update(dt_cancel_requested=Now())
    reconcile()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_a_run_whose_process_died_on_this_machine_is_taken_at_once(run, rung):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        started = psutil.Process(process.pid).create_time()
    claim_run()
    TrainingRun.objects.filter(pk=run.pk).update(worker=f"{name_machine()}/{process.pid}:{started:.2f}")
    assert reconcile().queued_again == 1
    assert rung == ["training.tasks.advance_runs"]


@pytest.mark.parametrize("worker", ["elsewhere.0/1:2.00", "", "another"])
def test_of_processes_elsewhere_only_silence_tells(worker):
    assert not is_dead(worker)


def test_a_process_that_has_the_number_of_a_dead_one_is_not_taken_for_it():
    assert not is_dead(name_worker())
    assert is_dead(f"{name_machine()}/{os.getpid()}:1.00")


def test_hearts_get_time_to_beat_after_the_database_was_away(run, rung, monkeypatch):
    claim_and_die(run)
    monkeypatch.setattr(module, "is_database_young", lambda: True)
    assert reconcile().queued_again == 0


def test_a_run_whose_bell_was_not_heard_is_rung_for(run, rung):
    reconcile()
    assert rung == []
    TrainingRun.objects.filter(pk=run.pk).update(dt_queued=Now() - timedelta(seconds=30))
    reconcile()
    assert rung == ["training.tasks.advance_runs"]


def test_a_lost_evaluation_waits_again_and_fails_closed_in_the_end(run, rung):
    mary = run.character
    given = {"state": "running", "dt_heartbeat": Now() - timedelta(seconds=60)}
    evaluation = Evaluation.objects.create(character=mary, candidate=build_adapter(mary), attempt=2, **given)
    reconcile()
    evaluation.refresh_from_db()
    assert evaluation.state == "queued"
    Evaluation.objects.filter(pk=evaluation.pk).update(attempt=3, **given)
    reconcile()
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.error) == ("failed", "worker_lost")


def test_a_process_that_nobody_watches_has_ended_before_its_run_is_taken_away():
    assert STALE_AFTER.total_seconds() > SILENCE_SECONDS + GRACE_SECONDS


def test_the_age_of_the_database_is_read_from_it(monkeypatch):
    monkeypatch.undo()
    assert module.is_database_young() in (True, False)
