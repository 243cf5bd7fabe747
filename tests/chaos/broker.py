"""`python -m tests.chaos.broker [--seed 7]`: after each cut, restart and freeze of Valkey, does Celery still consume?

A worker can outlive its connection and consume nothing from then on. So after each disturbance a task goes to both
queues through the broker, and has to be received.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import redis
from celery import Celery

from mymary_site.env import build_redis_urls
from tests.stack_process import Program, StackProcess, end_gently_on_sigterm

Disturbance = Literal["cut", "restart", "freeze"]
COUNTS: Final[dict[Disturbance, int]] = {"cut": 50, "restart": 20, "freeze": 10}
WORKERS: Final[dict[Program, str]] = {"celery": "celery", "celery-training": "training"}
"""Each with its queue."""
FREEZE_SECONDS: Final = 30.0
HEARD_WITHIN_SECONDS: Final = 60.0


@dataclass
class Outcome:
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    slowest_seconds: dict[str, float] = field(default_factory=dict)
    unheard: list[str] = field(default_factory=list)

    def render(self) -> str:
        lines = [f"seed {self.seed}"]
        lines += [
            f"  {n:3}  {name}s, heard after {self.slowest_seconds[name]:.1f} s at the latest"
            for name, n in self.done.items()
        ]
        return "\n".join(
            [*lines, *(f"  unheard: {case}" for case in self.unheard), "NOT CLEAN" if self.unheard else "clean"]
        )


class Broker:
    def __init__(self, stack: StackProcess, seed: int) -> None:
        self._stack = stack
        self._random = random.Random(seed)
        self.outcome = Outcome(seed)

    def play(self) -> Outcome:
        kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
        self._random.shuffle(kinds)
        for number, kind in enumerate(kinds, start=1):
            time.sleep(self._random.uniform(0.2, 2.0))
            self._disturb(kind)
            seconds = self._ask(f"{number} ({kind})")
            self.outcome.done[kind] += 1
            self.outcome.slowest_seconds[kind] = max(seconds, self.outcome.slowest_seconds.get(kind, 0.0))
            print(f"{number:3} {kind:8} {seconds:5.1f} s", flush=True)
        return self.outcome

    def _disturb(self, kind: Disturbance) -> None:
        if kind == "cut":
            with redis.Redis.from_url(self._stack.redis_url) as client:
                for of in ("normal", "pubsub"):
                    client.client_kill_filter(_type=of, skipme=True)
        elif kind == "restart":
            pid = self._stack.kill("valkey")
            self._stack.wait_until_restarted("valkey", pid)
        else:
            pid = self._stack.get_pid("valkey")
            os.kill(pid, signal.SIGSTOP)
            time.sleep(FREEZE_SECONDS)
            os.kill(pid, signal.SIGCONT)

    def _ask(self, case: str) -> float:
        """Seconds until both workers have received a task."""
        began = time.monotonic()
        missing = {self._send(queue): worker for worker, queue in WORKERS.items()}
        while missing and time.monotonic() - began < HEARD_WITHIN_SECONDS:
            missing = {name: worker for name, worker in missing.items() if not self._has_received(worker, name)}
            time.sleep(0.1)
        self.outcome.unheard += [f"{case}: {worker}" for worker in missing.values()]
        return time.monotonic() - began

    def _send(self, queue: str) -> str:
        """A task that Celery brings along and that does nothing; its id."""
        with Celery(broker=build_redis_urls(self._stack.redis_url).broker) as app:
            app.conf.broker_transport_options = {"global_keyprefix": "mary:celery:"}
            return str(app.send_task("celery.accumulate", queue=queue, retry=True).id)

    def _has_received(self, worker: Program, name: str) -> bool:
        return f"celery.accumulate[{name}] received" in self._stack.read_log(worker)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.broker", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    seed = parser.parse_args().seed
    end_gently_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="mymary-broker-") as folder:
        Path(folder).chmod(0o711)  # an unprivileged database user passes through
        with StackProcess(Path(folder), slots=1) as stack:
            outcome = Broker(stack, seed).play()
    print(outcome.render())
    return 1 if outcome.unheard else 0


if __name__ == "__main__":
    sys.exit(main())
