"""Celery tasks of the flywheel: each calls one flow, with ids only. Flows never import tasks; `training.bell` rings.

`advance_runs` and `advance_evaluations` have a queue and a worker of their own, one at a time: they watch a process for
as long as it takes. When that worker is told to stop, or loses its parent, what it watches goes back to the queue.
"""

from __future__ import annotations

import multiprocessing
import os
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.utils import timezone

from training.cycle import pair, queue, reconcile, retrain, schedule
from training.cycle.claim_run import take_from_the_dead
from training.cycle.kept_answers import sweep_answers
from training.cycle.prepare import sweep_run_folders
from training.cycle.run_evaluation import run_next_evaluation
from training.cycle.run_training import run_next_training
from training.cycle.sweep import sweep_snapshot_folders

SWEPT: Final = timedelta(days=1)
"""How far a sweep looks back: longer than Valkey and the workers are ever down unnoticed."""

_shutting_down = multiprocessing.RawValue("b", 0)
"""Shared with the pool's children, which are forked later: only the parent hears SIGTERM."""
_LONG = settings.MARY_RUN_HOURS * 3600 + settings.MARY_RUN_SPARE_SECONDS


@worker_shutting_down.connect
def _tell_children(**_: Any) -> None:
    _shutting_down.value = 1


@worker_ready.connect
def _look_for_work(**_: Any) -> None:
    """A worker that was killed took its bell along; the next one does not wait for another."""
    advance_runs.delay()
    advance_evaluations.delay()


class _Leaving:
    """True once the worker shuts down or the pool's parent is gone."""

    def __init__(self) -> None:
        self._parent = os.getppid()

    def __call__(self) -> bool:
        return bool(_shutting_down.value) or os.getppid() != self._parent


@shared_task(name="training.tasks.advance_runs", time_limit=_LONG)
def advance_runs() -> str:
    """A second copy finds nothing to claim and ends at once."""
    sweep_run_folders()
    sweep_answers()
    take_from_the_dead()
    run = run_next_training(_Leaving())
    return run.state if run is not None else "nothing to claim"


@shared_task(name="training.tasks.advance_evaluations", time_limit=_LONG)
def advance_evaluations() -> str:
    evaluation = run_next_evaluation(_Leaving())
    return evaluation.state if evaluation is not None else "nothing to claim"


@shared_task(name="training.tasks.reconcile")
def reconcile_rows() -> str:
    return str(reconcile.reconcile())


@shared_task(name="training.tasks.start_due")
def start_due(policy_id: str) -> str:
    run = schedule.start_due(policy_id)
    return str(run.pk) if run is not None else ""


@shared_task(name="training.tasks.derive_pairs")
def derive_pairs(dialog_id: str) -> int:
    return pair.derive_pairs_of_dialog(dialog_id)


@shared_task(name="training.tasks.sweep_pairs")
def sweep_pairs() -> int:
    """What no bell was heard for."""
    return pair.sweep_pairs(since=timezone.now() - SWEPT)


@shared_task(name="training.tasks.fill_queue")
def fill_queue() -> int:
    return queue.fill_queue(timezone.now())


@shared_task(name="training.tasks.retrain_clean")
def retrain_clean(withdrawal_id: str) -> int:
    return len(retrain.retrain_clean(withdrawal_id))


@shared_task(name="training.tasks.close_receipts")
def close_receipts() -> int:
    """What could not be learned anew is tried again first; and files that no row wants go."""
    sweep_snapshot_folders()
    retrain.sweep_receipts()
    return retrain.close_receipts()
