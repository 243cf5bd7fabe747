"""Who may run what: a claim in PostgreSQL, and writes that only its holder can make. One row runs at a time, of both.

Redis says only "look": a task that comes twice, or a hundred times, finds nothing to claim. `attempt` is the fence: a
worker that slept through the loss of its claim writes with an old number, which changes no row.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import psutil
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from training.models import Evaluation, EvaluationState, RunState, TrainingRun

logger = logging.getLogger(__name__)

Row = TypeVar("Row", TrainingRun, Evaluation)

BEAT_SECONDS: Final = 2.0
MOST_ATTEMPTS: Final = 3
LOCK: Final = 0x4D617279  # any number that nothing else takes: PostgreSQL's advisory locks are named by numbers
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE: Final = Path("/proc/self/ns/pid")
DATABASE_AWAY: Final = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Hold(Generic[Row]):
    """One attempt at a row. Every write says which attempt it belongs to."""

    row: Row
    model: type[Row]

    def write(self, **fields: Any) -> bool:
        """False when the row is no longer this attempt's. Raises DATABASE_AWAY."""
        running = self.model.State.RUNNING
        mine = self.model._default_manager.filter(pk=self.row.pk, attempt=self.row.attempt, state=running)
        return mine.update(**fields) == 1

    def beat(self, **fields: Any) -> bool:
        return self.write(dt_heartbeat=Now(), **fields)

    def give_back(self) -> bool:
        """To the queue. It counts as no lost attempt: the number is free again, since its holder is done."""
        return self.write(state=self.model.State.QUEUED, attempt=F("attempt") - 1)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Heartbeats from a thread, around work that blocks."""
        over = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat_until(self, over: threading.Event) -> None:
        try:
            while not over.wait(BEAT_SECONDS):
                try:
                    self.beat()
                except DATABASE_AWAY as error:
                    logger.warning("%s: no heartbeat (%s)", self.row, type(error).__name__)
        finally:
            connection.close()  # the thread's own


def claim_run() -> Hold[TrainingRun] | None:
    return _claim(TrainingRun, worker=name_worker())


def claim_evaluation() -> Hold[Evaluation] | None:
    return _claim(Evaluation)


def _claim(model: type[Row], **fields: Any) -> Hold[Row] | None:
    """The oldest queued row, now running as a new attempt; None where nothing waits, or something runs already."""
    try:
        with transaction.atomic():
            _lock_claims()
            if is_anything_running():
                return None
            queued = model._default_manager.select_for_update().filter(state=model.State.QUEUED)
            row = queued.order_by("dt_queued").first()
            if row is None:
                return None
            stamps = {"state": model.State.RUNNING, "attempt": F("attempt") + 1, "dt_heartbeat": Now(), **fields}
            model._default_manager.filter(pk=row.pk).update(**stamps)
    except IntegrityError as error:
        # run_one_at_a_time: the last word, should a claim ever come past the lock.
        logger.warning("another worker was faster: %s", type(error).__name__)
        return None
    row.refresh_from_db()
    logger.info("claimed %s %s, attempt %d", model._meta.db_table, row.pk, row.attempt)
    return Hold(row, model)


def _lock_claims() -> None:
    """Claims of both tables one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def is_anything_running() -> bool:
    return (
        TrainingRun.objects.filter(state=RunState.RUNNING).exists()
        or Evaluation.objects.filter(state=EvaluationState.RUNNING).exists()
    )


def name_worker() -> str:
    """`machine/pid:when`: no other process ever bore it."""
    return f"{name_machine()}/{os.getpid()}:{psutil.Process().create_time():.2f}"


@cache
def name_machine() -> str:
    """Host, and what tells its boot and its numbering of processes from others of that name (containers)."""
    marks = [str(BOOT_ID.read_text() if BOOT_ID.exists() else uuid.getnode())]
    marks += [os.readlink(PID_NAMESPACE)] if PID_NAMESPACE.exists() else []
    return f"{socket.gethostname()[:40]}.{hashlib.sha256(' '.join(marks).encode()).hexdigest()[:8]}"


def is_dead(worker: str) -> bool:
    """True only where it is certain: of a process of this very machine. Of others, only their silence tells."""
    machine, _, process = worker.rpartition("/")
    if machine != name_machine():
        return False
    pid, _, created = process.partition(":")
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != created
    except psutil.NoSuchProcess:
        return True


@transaction.atomic
def take_from_the_dead() -> bool:
    """Queues the run whose worker died here, before its heart is missed. A lost attempt counts."""
    run = TrainingRun.objects.select_for_update().filter(state=RunState.RUNNING).first()
    if run is None or not is_dead(run.worker):
        return False
    logger.warning("run %s was lost with process %s", run.pk, run.worker)
    if run.attempt >= MOST_ATTEMPTS:
        run.state, run.error_code, run.dt_finished = RunState.FAILED, "worker_lost", timezone.now()
    else:
        run.state = RunState.QUEUED
    run.save(update_fields=["state", "error_code", "dt_finished"])
    return True
