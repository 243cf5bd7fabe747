"""One claimed evaluation: the gate's process is watched, its report stored, its verdict taken. No report, no pass."""

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
from django.db.models.functions import Now

from chat.models import Adapter
from training.bell import ring
from training.cycle import train
from training.cycle.claim_run import Hold, claim_evaluation
from training.cycle.ending import Ending, RunStopped, cancel, fail
from training.cycle.evaluate import TASK
from training.cycle.gate_folder import get_gate_folder, prepare_gate_folder
from training.cycle.watch import Watch
from training.finetune.run_folder import delete_folder
from training.models import ArenaCase, Evaluation, EvaluationState

logger = logging.getLogger(__name__)

GATE: Final = "training.gate"
PASSED, REFUSED = "passed", "failed"
"""Verdicts of a report."""
SAMPLES: Final = "samples"
"""Of a report: replies of both sides, [{"turns": [[role, text], …], "candidate", "live"}]."""


def run_next_evaluation(is_leaving: Callable[[], bool]) -> Evaluation | None:
    """Claims the oldest waiting evaluation and brings it to its end; None where there is nothing to claim."""
    hold = claim_evaluation()
    if hold is None:
        return None
    evaluation = hold.row
    deadline = time.monotonic() + settings.MARY_RUN_HOURS * 3600
    watch = Watch(hold, get_gate_folder(evaluation), partial(check_evaluation, evaluation), is_leaving, deadline)
    try:
        check_evaluation(evaluation)
        with hold.beating():
            prepare_gate_folder(evaluation)
        watch.run_to_end(GATE, log="gate.log", codes={}, otherwise="gate_failed", killed="gate_killed")
        watch.when_heard(partial(_store_report, hold, read_report(watch.folder)))
        forget_folder(watch.folder)
    except RunStopped as stop:
        _end(watch, evaluation, stop)
    ring(train.TASK)  # what was asked for meanwhile
    evaluation.refresh_from_db()
    return evaluation


def check_evaluation(evaluation: Evaluation) -> None:
    """Raises RunStopped where the candidate must not go live whatever the gate says."""
    if Adapter.objects.filter(pk=evaluation.candidate_id, is_tainted=True).exists():
        raise cancel("snapshot_tainted")


def read_report(folder: Path) -> dict[str, Any]:
    """Raises RunStopped for anything that is not a report with a verdict."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise fail("gate_failed", f"report.json: {error}") from error
    if not isinstance(report, dict) or report.get("verdict") not in (PASSED, REFUSED):
        raise fail("gate_failed", "report.json holds no verdict")
    return report


@transaction.atomic
def _store_report(hold: Hold[Evaluation], report: dict[str, Any]) -> None:
    """Raises RunStopped. Passed is what says so and names no reason against it; nothing else."""
    reasons = report.get("reasons", [])
    is_passed = report["verdict"] == PASSED and not reasons
    # Locked, in the order in which a withdrawal locks them: it comes before this, and is seen, or after it, and finds
    # the report.
    Evaluation.objects.select_for_update(of=("self",)).get(pk=hold.row.pk)
    Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=hold.row.candidate_id)
    check_evaluation(hold.row)
    state = EvaluationState.PASSED if is_passed else EvaluationState.REFUSED
    samples = report.get(SAMPLES, [])
    if not hold.write(state=state, dt_finished=Now(), report=report, reasons=reasons, progress={}):
        raise RunStopped(Ending.LOST)
    ArenaCase.objects.filter(evaluation=hold.row).delete()
    ArenaCase.objects.bulk_create(
        ArenaCase(
            evaluation=hold.row,
            number=number,
            turns=sample["turns"],
            candidate_reply=sample["candidate"],
            live_reply=sample["live"],
        )
        for number, sample in enumerate(samples, start=1)
    )


def _end(watch: Watch, evaluation: Evaluation, stop: RunStopped) -> None:
    logger.warning("evaluation %s, attempt %d: %s", evaluation.pk, evaluation.attempt, stop)
    if stop.ending == Ending.LOST:
        return
    if stop.ending == Ending.LEFT:
        if watch.hold.give_back():
            ring(TASK)
        return
    error = f"{stop.code}: {stop.detail}" if stop.detail else stop.code
    if watch.hold.write(state=EvaluationState.FAILED, dt_finished=Now(), error=error):
        forget_folder(watch.folder)


def forget_folder(folder: Path) -> None:
    """The report stands in the row; the talks in the folder are people's."""
    delete_folder(folder)
