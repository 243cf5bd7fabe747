"""What PostgreSQL and the process table say of runs, read past the product."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psutil
import psycopg

AWAY_SECONDS: Final = 60.0
SAMPLED_EVERY_SECONDS: Final = 0.3
RUNS: Final = """
    SELECT training_run_id::text, state, attempt, error_code, extract(epoch FROM dt_heartbeat)::float8,
           progress ->> 'phase', coalesce((progress ->> 'done')::int, 0)
    FROM training_run ORDER BY dt_queued
"""
MADE: Final = """
    SELECT r.training_run_id::text, a.name, a.manifest -> 'data_digests' ->> 'train.jsonl',
           (a.manifest ->> 'conversations')::int, s.digest
    FROM training_run r JOIN adapter a USING (adapter_id) JOIN snapshot s USING (snapshot_id) WHERE r.state = 'done'
"""
EVALUATIONS: Final = "SELECT state, count(*) FROM evaluation GROUP BY state"
TRAINER: Final = "training.finetune"


@dataclass(frozen=True)
class Run:
    run_id: str
    state: str
    attempt: int
    error_code: str
    heartbeat: float | None
    phase: str | None
    done: int

    @property
    def is_over(self) -> bool:
        return self.state not in ("queued", "running")


@dataclass(frozen=True)
class Made:
    run_id: str
    adapter: str
    train_sha256: str
    conversations: int
    snapshot: str


class FlywheelRecord:
    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def list_runs(self) -> list[Run]:
        return [Run(*row) for row in self._ask(RUNS)]

    def list_made(self) -> list[Made]:
        return [Made(*row) for row in self._ask(MADE)]

    def count_evaluations(self) -> dict[str, int]:
        return dict(self._ask(EVALUATIONS))

    def _ask(self, query: str) -> list[Any]:
        deadline = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                with psycopg.connect(self._url, connect_timeout=5) as database:
                    return database.execute(query).fetchall()  # type: ignore[arg-type]
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def list_trainers(runs_folder: Path) -> list[psutil.Process]:
    """Living trainers of any run of this stack; not those that publish."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        is_trainer = TRAINER in words and any(word.startswith(str(runs_folder)) for word in words)
        if is_trainer and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@dataclass
class CopyWatch:
    """Looks all the time whether ever two trainers live at once."""

    runs_folder: Path
    doubles: list[str] = field(default_factory=list)
    samples: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLED_EVERY_SECONDS):
            pids = [process.pid for process in list_trainers(self.runs_folder)]
            self.samples += 1
            if len(pids) > 1:
                self.doubles.append(str(pids))
