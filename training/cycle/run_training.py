"""One claimed run from its folder to its adapter: train, publish, register, and ask for its evaluation.

Every step may be cut off and is repeatable: the trainer goes on from its checkpoint, a published folder is published,
a registered adapter is registered. So an attempt that follows another one just walks the same way.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from chat.models import Adapter
from chat.serving.refusals import ServingRefused
from chat.serving.register import register_adapter
from chat.serving.taint import taint_adapter
from training.bell import ring
from training.cycle.claim_run import Hold, claim_run
from training.cycle.ending import Ending, RunStopped, cancel, fail
from training.cycle.evaluate import ask_for_evaluation
from training.cycle.prepare import clear_run_folder, get_run_folder, prepare_run_folder
from training.cycle.train import TASK
from training.cycle.watch import DONE, Watch
from training.cycle.watched_process import OUTPUT
from training.models import RunState, Snapshot, SnapshotState, TrainingRun
from training.watched import is_free

logger = logging.getLogger(__name__)

TRAINER: Final = "training.finetune"
PUBLISHER: Final = "training.finetune.publication"
ERROR_CODES: Final = {2: "trainer_refused", 4: "collapsed", 5: "diverged"}
"""Exit codes of the trainer (training/finetune/__main__.py); any other is `trainer_failed`."""
TAINTED: Final = ("snapshot_tainted", "parent_tainted")
"""Codes of runs that learned from what was withdrawn: what they made must not serve."""
BUSY_SECONDS: Final = 60.0


def run_next_training(is_leaving: Callable[[], bool]) -> TrainingRun | None:
    """Claims the oldest waiting run and brings it to its end; None where there is nothing to claim."""
    hold = claim_run()
    if hold is None:
        return None
    run = hold.row
    deadline = time.monotonic() + settings.MARY_RUN_HOURS * 3600
    watch = Watch(hold, get_run_folder(run), partial(check_run, run), is_leaving, deadline)
    try:
        check_run(run)
        _start(hold)
        _conclude(watch, run, _make_adapter(watch, run))
    except RunStopped as stop:
        _end(watch, run, stop)
    run.refresh_from_db()
    return run


def check_run(run: TrainingRun) -> None:
    """Whether anybody wants it to stop. Raises RunStopped."""
    asked = TrainingRun.objects.filter(pk=run.pk)
    wanted = asked.values_list("dt_cancel_requested", "snapshot__state", "parent__is_tainted").first()
    if wanted is None or wanted[1] == SnapshotState.TAINTED:
        raise cancel("snapshot_tainted")
    if wanted[2]:
        raise cancel("parent_tainted")
    if wanted[0] is not None:
        raise cancel("cancelled")


def _start(hold: Hold[TrainingRun]) -> None:
    if not hold.beat(dt_started=Coalesce(F("dt_started"), Now())):
        raise RunStopped(Ending.LOST)


def _make_adapter(watch: Watch, run: TrainingRun) -> Adapter:
    """Raises RunStopped."""
    with watch.hold.beating():
        prepare_run_folder(run)
    _wait_for_folder(watch)
    watch.run_to_end(TRAINER, log="run.log", codes=ERROR_CODES, otherwise="trainer_failed", killed="trainer_killed")
    target = watch.folder / "published" / run.character.key
    if not (target / "manifest.json").is_file():
        origin = f"run {run.pk} of snapshot {run.snapshot.digest[:12]}"
        if watch.run(PUBLISHER, str(watch.folder), str(target), origin) != DONE:
            raise fail("publication_failed", watch.read_last_error(OUTPUT))
    watch.when_heard(partial(_refuse_known, run, target))
    with watch.hold.beating():
        try:
            return watch.when_heard(partial(register_adapter, target, run.character))
        except ServingRefused as refusal:
            raise fail("adapter_refused", str(refusal)) from refusal


def _refuse_known(run: TrainingRun, published: Path) -> None:
    """An adapter has one run. Raises RunStopped."""
    digest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))["gguf_digest"]
    made = TrainingRun.objects.filter(character=run.character, adapter__gguf_sha256=digest).exclude(pk=run.pk)
    if made.exists():
        raise fail("same_adapter", digest[:12])


def _wait_for_folder(watch: Watch) -> None:
    """For the trainer of an attempt that was lost: it ends by itself, soon after its watcher did."""
    give_up_at = time.monotonic() + BUSY_SECONDS
    while not is_free(watch.folder):
        if time.monotonic() > give_up_at:
            raise fail("folder_busy")
        watch.stop_if_leaving()
        watch.beat()
        time.sleep(1)


def _conclude(watch: Watch, run: TrainingRun, adapter: Adapter) -> None:
    try:
        watch.when_heard(partial(_store_adapter, watch, adapter))
    except RunStopped as stop:
        if stop.code in TAINTED:
            watch.when_heard(partial(taint_adapter, adapter, reason=stop.code))
        raise
    clear_run_folder(watch.folder)
    logger.info("run %s: %s", run.pk, adapter.name)


@transaction.atomic
def _store_adapter(watch: Watch, adapter: Adapter) -> None:
    """The run's end, with its evaluation waiting. Raises RunStopped."""
    hold: Hold[TrainingRun] = watch.hold
    # Both locked: a withdrawal either stops this run, or finds its adapter.
    Snapshot.objects.select_for_update().get(pk=hold.row.snapshot_id)
    if hold.row.parent_id is not None:
        Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=hold.row.parent_id)
    check_run(hold.row)
    steps = adapter.manifest.get("steps", 0)
    figures: dict[str, Any] = next(iter(adapter.manifest.get("last_metrics", [])), {})
    progress = {"phase": "done", "done": steps, "total": steps, "seconds_left": 0, "figures": figures}
    end = {"progress": progress, "dt_finished": Now(), "error": "", "error_code": ""}
    if not hold.write(state=RunState.DONE, adapter=adapter, **end):
        raise RunStopped(Ending.LOST)
    ask_for_evaluation(TrainingRun.objects.get(pk=hold.row.pk))
    ring(TASK)


def _end(watch: Watch, run: TrainingRun, stop: RunStopped) -> None:
    logger.warning("run %s, attempt %d: %s", run.pk, run.attempt, stop)
    if stop.ending == Ending.LOST:
        return
    if stop.ending == Ending.LEFT:
        if watch.hold.give_back():
            ring(TASK)
        return
    state = RunState.CANCELLED if stop.ending == Ending.CANCELLED else RunState.FAILED
    fields: dict[str, Any] = {"error": stop.detail} if stop.detail else {}
    # Even while leaving: an end that is known is better told than found out again.
    if watch.hold.write(state=state, dt_finished=Now(), error_code=stop.code, **fields):
        clear_run_folder(watch.folder)
        ring(TASK)
