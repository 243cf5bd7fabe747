"""Finds what nobody holds any more: rows whose heart has stopped, and rows that wait although nothing runs.

Runs every few seconds, anywhere, as often as it likes. Times are PostgreSQL's: workers' clocks may differ.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from training.bell import ring
from training.cycle import evaluate, train
from training.cycle.claim_run import MOST_ATTEMPTS, is_anything_running, take_from_the_dead
from training.models import Evaluation, RunState, TrainingRun

logger = logging.getLogger(__name__)

STALE_AFTER: Final = timedelta(seconds=20)
"""Heartbeats come every two seconds; a process whose watcher is silent for 15 s has ended by then."""
UNHEARD_AFTER: Final = timedelta(seconds=10)
"""A row that waits this long while nothing runs: its bell was not heard."""
DATABASE_IS_YOUNG: Final = "SELECT now() - pg_postmaster_start_time() < make_interval(secs => %s)"


@dataclass(frozen=True)
class Reconciled:
    queued_again: int
    given_up: int
    rung: bool


def reconcile() -> Reconciled:
    again, given_up = int(take_from_the_dead()), 0
    # While the database was away no heart could beat: whoever lives gets time to show it.
    if not is_database_young():
        for model in (TrainingRun, Evaluation):
            requeued, ended = _take_from_the_silent(model)
            again, given_up = again + requeued, given_up + ended
    return Reconciled(again, given_up, ring_for_waiting(is_sure=bool(again)))


def is_database_young() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(DATABASE_IS_YOUNG, [STALE_AFTER.total_seconds()])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _take_from_the_silent(model: type[TrainingRun] | type[Evaluation]) -> tuple[int, int]:
    """Numbers of rows that wait again, and of those that were lost too often or are not wanted any more."""
    stale: Any = model._default_manager.filter(state=model.State.RUNNING, dt_heartbeat__lt=Now() - STALE_AFTER)
    keys = list(stale.select_for_update().values_list("pk", flat=True))
    rows: Any = model._default_manager.filter(pk__in=keys)
    if not keys:
        return 0, 0
    logger.warning("%s without a heartbeat: %s", model._meta.db_table, ", ".join(map(str, keys)))
    ended = 0
    if model is TrainingRun:
        unwanted = rows.filter(Q(dt_cancel_requested__isnull=False) | Q(snapshot__state="tainted"))
        ended += TrainingRun.objects.filter(pk__in=unwanted.values("pk")).update(
            state=RunState.CANCELLED, dt_finished=Now(), error_code="cancelled"
        )
        lost = {"error_code": "worker_lost"}
    else:
        lost = {"error": "worker_lost"}
    remaining: Any = model._default_manager.filter(pk__in=keys, state=model.State.RUNNING)
    ended += remaining.filter(attempt__gte=MOST_ATTEMPTS).update(state=model.State.FAILED, dt_finished=Now(), **lost)
    return remaining.update(state=model.State.QUEUED), ended


def ring_for_waiting(*, is_sure: bool = False) -> bool:
    """`is_sure`: at once. Otherwise for rows whose own bell should have been heard by now."""
    if is_anything_running():
        return False
    before = Now() - (timedelta(0) if is_sure else UNHEARD_AFTER)
    has_rung = False
    for model, task in ((TrainingRun, train.TASK), (Evaluation, evaluate.TASK)):
        if model._default_manager.filter(state=model.State.QUEUED, dt_queued__lte=before).exists():
            ring(task)
            has_rung = True
    return has_rung
