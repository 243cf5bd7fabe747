"""A run from the wish to its adapter, with the real trainer on a tiny base."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models.functions import Now

from chat.models import Adapter, Character
from chat.serving.taint import taint_adapter
from tests.builders import build_character
from tests.integration.runs_world import TINY_STEPS, build_adapter, build_run, build_snapshot
from tests.tiny_base import make_tiny_base
from training.cycle import train
from training.cycle.claim_run import claim_run
from training.cycle.ending import RunStopped
from training.cycle.prepare import get_run_folder, sweep_run_folders
from training.cycle.run_refusals import RunRefused
from training.cycle.run_training import check_run, run_next_training
from training.cycle.train import cancel_run
from training.cycle.watch import Watch
from training.models import Evaluation, RunState, Snapshot, SnapshotState, TrainingRun
from training.watched import is_free

pytestmark = pytest.mark.django_db(transaction=True)
LONG, MANY = 100_000, 400
WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def folders(tmp_path: Path, base: Path, settings: Any) -> Path:
    settings.MARY_LM_PATH = base
    for name in ("RUNS", "SNAPSHOTS", "PUBLISHED"):
        setattr(settings, f"MARY_{name}_FOLDER", tmp_path / name.lower())
    return tmp_path


@pytest.fixture
def mary() -> Character:
    return build_character("mary")


@pytest.fixture
def snapshot(mary: Character, folders: Path) -> Snapshot:
    return build_snapshot(mary, folders / "snapshots")


def stay() -> bool:
    return False


class Background:
    """A worker's attempt in a thread, so that a test can meddle with it."""

    def __init__(self) -> None:
        self.is_told_to_leave = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            run_next_training(lambda: self.is_told_to_leave)
        finally:
            connection.close()

    def wait(self) -> None:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()


@pytest.fixture
def start_worker(folders: Path) -> Iterator[Callable[[], Background]]:
    """Every worker that a test starts has ended before the next one begins."""
    workers: list[Background] = []

    def start() -> Background:
        workers.append(Background())
        return workers[-1]

    yield start
    for worker in workers:
        worker.is_told_to_leave = True
        worker.wait()


def wait_for_steps(run: TrainingRun) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while run.progress.get("phase") != "step":
        assert time.monotonic() < deadline, run.progress
        time.sleep(0.2)
        close_old_connections()
        run.refresh_from_db()


def test_an_approved_snapshot_becomes_a_registered_adapter_that_waits_for_the_gate(snapshot, folders):
    run = build_run(snapshot)
    done = run_next_training(stay)
    assert (done.state, done.error_code, done.attempt) == (RunState.DONE, "", 1)
    assert done.adapter.name.startswith("mary@")
    assert done.progress["done"] == TINY_STEPS
    assert Evaluation.objects.get().candidate == done.adapter
    assert Adapter.objects.count() == 1
    left = {path.name for path in get_run_folder(run).iterdir()}
    assert {"config.json", "manifest.json", "metrics.jsonl", "run.log"} <= left
    assert not left & {"data", "checkpoints", "published", "adapter"}


def test_nothing_waits_so_nothing_is_claimed(mary):
    assert run_next_training(stay) is None


def test_a_run_that_is_cancelled_while_it_trains_ends_within_seconds(snapshot, start_worker):
    run = build_run(snapshot, max_steps=LONG)
    worker = start_worker()
    wait_for_steps(run)
    asked_at = time.monotonic()
    cancel_run(run, None)
    worker.wait()
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.CANCELLED, "cancelled")
    assert time.monotonic() - asked_at < 10
    assert not (get_run_folder(run) / "data").exists()


def test_a_waiting_run_is_cancelled_at_once(snapshot):
    run = cancel_run(build_run(snapshot), None)
    assert (run.state, run.error_code) == (RunState.CANCELLED, "cancelled")
    assert run_next_training(stay) is None
    with pytest.raises(RunRefused, match="run_over"):
        cancel_run(run, None)


def test_a_withdrawal_while_it_trains_stops_the_run_and_its_copies_go(snapshot, start_worker):
    run = build_run(snapshot, max_steps=LONG)
    worker = start_worker()
    wait_for_steps(run)
    Snapshot.objects.filter(pk=snapshot.pk).update(state=SnapshotState.TAINTED, dt_tainted=Now())
    worker.wait()
    run.refresh_from_db()
    assert (run.state, run.error_code) == (RunState.CANCELLED, "snapshot_tainted")
    assert not (get_run_folder(run) / "data").exists()


@pytest.fixture
def parent(mary: Character) -> Adapter:
    """What speaks now, and so what runs go on from."""
    adapter = build_adapter(mary)
    Character.objects.filter(pk=mary.pk).update(adapter=adapter.name)
    mary.refresh_from_db()
    return adapter


def test_a_run_whose_parent_was_tainted_while_it_waited_is_not_begun(snapshot, parent):
    run = build_run(snapshot)
    assert run.parent == parent
    taint_adapter(parent, reason="withdrawal")
    ended = run_next_training(stay)
    assert (ended.state, ended.error_code) == (RunState.CANCELLED, "parent_tainted")
    assert not get_run_folder(run).exists()


def test_what_was_made_from_a_parent_that_was_tainted_meanwhile_is_not_stored_and_never_serves(
    snapshot, parent, monkeypatch
):
    build_run(snapshot)
    child = build_adapter(snapshot.character, "e" * 64)

    def make(watch: Watch, run: TrainingRun) -> Adapter:
        taint_adapter(parent, reason="withdrawal")
        return child

    monkeypatch.setattr("training.cycle.run_training._make_adapter", make)
    ended = run_next_training(stay)
    child.refresh_from_db()
    assert (ended.state, ended.error_code, ended.adapter) == (RunState.CANCELLED, "parent_tainted", None)
    assert child.is_tainted
    assert not Evaluation.objects.exists()


def test_a_parent_that_is_tainted_just_as_a_run_is_asked_for_is_not_taken(snapshot, parent, monkeypatch):
    """The first look still finds it clean."""
    looks = [parent]
    monkeypatch.setattr(train, "find_parent", lambda character: looks.pop() if looks else None)
    taint_adapter(parent, reason="withdrawal")
    assert build_run(snapshot).parent is None


def test_whoever_taints_the_parent_waits_until_the_run_that_was_asked_for_stands(snapshot, parent):
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            run = build_run(snapshot)
            tainting = pool.submit(taint_in_a_thread, parent)
            assert wait([tainting], timeout=1).not_done
        tainting.result(WAIT_SECONDS)
    with pytest.raises(RunStopped, match="parent_tainted"):
        check_run(run)


def taint_in_a_thread(adapter: Adapter) -> None:
    try:
        taint_adapter(adapter, reason="withdrawal")
    finally:
        connection.close()


def test_a_run_that_its_worker_gave_back_goes_on_from_the_checkpoint(snapshot, start_worker):
    run = build_run(snapshot, max_steps=MANY)
    worker = start_worker()
    wait_for_steps(run)
    worker.is_told_to_leave = True
    worker.wait()
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.QUEUED, 0)
    done = run_next_training(stay)
    assert (done.state, done.attempt) == (RunState.DONE, 1)
    assert "going on after step" in (get_run_folder(run) / "run.log").read_text()


def test_whoever_lost_the_claim_stops_its_trainer_and_writes_nothing(snapshot, start_worker):
    run = build_run(snapshot, max_steps=LONG)
    worker = start_worker()
    wait_for_steps(run)
    TrainingRun.objects.filter(pk=run.pk).update(attempt=2, worker="another", progress={"phase": "theirs"})
    worker.wait()
    run.refresh_from_db()
    assert (run.state, run.attempt, run.worker, run.progress) == (RunState.RUNNING, 2, "another", {"phase": "theirs"})
    assert is_free(get_run_folder(run))  # its trainer has gone


def test_a_trainer_that_is_killed_goes_on_in_the_same_attempt(snapshot, start_worker):
    run = build_run(snapshot, max_steps=MANY)
    worker = start_worker()
    wait_for_steps(run)
    kill_trainer(run)
    worker.wait()
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DONE, 1)


def kill_trainer(run: TrainingRun) -> None:
    (trainer,) = list_trainers(run)
    trainer.kill()


def list_trainers(run: TrainingRun) -> list[psutil.Process]:
    folder = str(get_run_folder(run))
    return [one for one in psutil.Process().children(recursive=True) if folder in one.cmdline()]


def test_of_two_runs_one_trains_and_the_other_waits(mary, snapshot, folders):
    first = build_run(snapshot)
    second = build_run(build_snapshot(mary, folders / "snapshots", first=10))
    assert claim_run().row == first
    assert claim_run() is None
    with pytest.raises(IntegrityError, match="run_one_at_a_time"):
        TrainingRun.objects.filter(pk=second.pk).update(state=RunState.RUNNING, attempt=1, dt_heartbeat=Now())


def test_a_hundred_workers_at_once_claim_one_run(snapshot):
    build_run(snapshot)

    def claim(_: int) -> bool:
        try:
            return claim_run() is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(100))) == 1


def test_a_run_does_not_start_while_an_evaluation_runs(snapshot, mary):
    build_run(snapshot)
    Evaluation.objects.create(
        character=mary, candidate=build_adapter(mary), state="running", attempt=1, dt_heartbeat=Now()
    )
    assert claim_run() is None


@pytest.mark.parametrize(
    ("state", "code"),
    [("built", "snapshot_not_approved"), ("rejected", "snapshot_rejected"), ("tainted", "snapshot_tainted")],
)
def test_only_an_approved_snapshot_is_trained_on(mary, folders, state, code):
    with pytest.raises(RunRefused, match=code):
        build_run(build_snapshot(mary, folders / "snapshots", state=state))
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"preset": "nobody's"}, "config_refused"),
        ({"learning_rat": 1}, "config_refused"),
        ({"learning_rate": float("inf")}, "config_refused"),
        ({"lora": {"targets": ["\0"]}}, "config_refused"),
        ({"base": "/etc"}, "setting_fixed"),
        ({"parent_adapter": "/etc"}, "setting_fixed"),
    ],
)
def test_settings_that_nobody_may_choose_or_nobody_knows_are_refused(snapshot, changes, code):
    with pytest.raises(RunRefused, match=code):
        build_run(snapshot, **changes)


def test_a_snapshot_is_asked_for_once_at_a_time(snapshot):
    build_run(snapshot)
    with pytest.raises(RunRefused, match="already_asked"):
        build_run(snapshot)


def test_what_the_trainer_refuses_is_told(snapshot, settings):
    run = build_run(snapshot, max_tokens=8, row_tokens=8)
    failed = run_next_training(stay)
    assert (failed.state, failed.error_code) == (RunState.FAILED, "trainer_refused")
    assert failed.error
    assert not (get_run_folder(run) / "data").exists()


def test_a_snapshot_whose_files_are_gone_fails_its_run(snapshot, folders):
    build_run(snapshot)
    shutil.rmtree(folders / "snapshots")
    assert run_next_training(stay).error_code == "snapshot_missing"


def test_a_full_disk_starts_nothing(snapshot, monkeypatch):
    build_run(snapshot)
    monkeypatch.setattr("training.cycle.prepare.has_room", lambda *_: False)
    assert run_next_training(stay).error_code == "disk_full"


def test_the_same_adapter_again_is_told_as_such(snapshot):
    build_run(snapshot)
    run_next_training(stay)
    build_run(snapshot)
    assert run_next_training(stay).error_code == "same_adapter"


def test_words_that_a_lost_run_left_behind_are_swept_away(snapshot, settings):
    run = build_run(snapshot)
    for name in (str(run.pk), "7c5ee2f1-0000-4000-8000-000000000000", "gate-7c5ee2f1-0000-4000-8000-000000000000"):
        (settings.MARY_RUNS_FOLDER / name / "data").mkdir(parents=True)
    sweep_run_folders()
    assert [path.parent.name for path in settings.MARY_RUNS_FOLDER.glob("*/data")] == [str(run.pk)]


def test_a_trainer_sees_none_of_the_product_s_secrets(snapshot, start_worker):
    run = build_run(snapshot, max_steps=LONG)
    worker = start_worker()
    wait_for_steps(run)
    (trainer,) = list_trainers(run)
    names = set(trainer.environ())
    worker.is_told_to_leave = True
    worker.wait()
    assert not names & {"DATABASE_URL", "REDIS_URL", "MARY_SECRET_KEY"}
