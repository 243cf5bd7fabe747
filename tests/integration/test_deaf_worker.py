"""A real Celery worker that stops consuming ends itself; the next one takes what waited."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mymary_site.celery import app
from mymary_site.env import REPOSITORY

QUEUE = "hearing"
PATIENCE_SECONDS = 60.0

Worker = subprocess.Popen[bytes]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def start_worker(log: Path) -> Iterator[Callable[[], Worker]]:
    workers: list[Worker] = []

    def start() -> Worker:
        command = [sys.executable, "-m", "celery", "-A", "mymary_site", "--quiet", "worker", "--loglevel=INFO"]
        command += [f"--queues={QUEUE}", "--concurrency=1", f"--hostname={QUEUE}@{os.getpid()}"]
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.hasty_settings"}
        with log.open("ab") as output:
            workers.append(subprocess.Popen(command, cwd=REPOSITORY, env=environ, stdout=output, stderr=output))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


def send() -> str:
    return str(app.send_task("celery.accumulate", queue=QUEUE).id)


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while text not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.1)


def test_a_worker_that_consumes_nothing_ends_and_the_next_one_takes_what_waited(
    log: Path, start_worker: Callable[[], Worker]
) -> None:
    worker = start_worker()
    wait_for(log, f"celery.accumulate[{send()}] received")
    app.control.cancel_consumer(QUEUE, destination=[f"{QUEUE}@{os.getpid()}"])
    wait_for(log, f"Canceling queue {QUEUE}")
    waiting = send()
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert "messages wait and none is received" in log.read_text(encoding="utf-8")
    start_worker()
    wait_for(log, f"celery.accumulate[{waiting}] received")


def test_a_worker_without_messages_stays(log: Path, start_worker: Callable[[], Worker]) -> None:
    worker = start_worker()
    wait_for(log, f"celery.accumulate[{send()}] received")
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(8)
