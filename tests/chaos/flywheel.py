"""`python -m tests.chaos.flywheel [--kills 150] [--seed 7]`: training runs go on while everything around them dies.

Victims: the Celery child, the Celery parent, the trainer, PostgreSQL, Valkey; kill -9 each, and SIGTERM of the parent.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

import psutil

from mymary_site.env import REPOSITORY
from tests.chaos.flywheel_record import CopyWatch, FlywheelRecord, Run, list_trainers
from tests.stack_process import StackProcess, end_gently_on_sigterm
from tests.tiny_base import make_tiny_base

Victim = Literal["child", "parent", "parent-term", "trainer", "postgres", "valkey"]
VICTIMS: Final[tuple[Victim, ...]] = get_args(Victim)
SPARING: Final = ("postgres", "valkey")
"""Their death does not reach the trainer."""
KILLS: Final = 150
KILLS_A_RUN: Final = 2
"""A run that is lost three times has failed, which is as it should be; here runs are to get through."""
STEPS: Final = 150
TRAINS_WITHIN_SECONDS: Final = 600.0
GOES_ON_WITHIN_SECONDS: Final = 60.0
LATEST_KILL_SECONDS: Final = 2.0
END_SECONDS: Final = 300.0
TRAIN_TALKS: Final = 4  # of a snapshot of tests.integration.runs_world


@dataclass
class Outcome:
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    slowest_seconds: dict[str, float] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    samples: int = 0
    broken: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_clean(self) -> bool:
        return not any(self.broken.values())


class Flywheel:
    """A stack whose runs are killed by plan."""

    def __init__(self, stack: StackProcess, folder: Path, seed: int, steps: int, kills_a_run: int) -> None:
        self._stack = stack
        self._steps = steps
        self._kills_a_run = kills_a_run
        self._record = FlywheelRecord(stack.database_url)
        self._runs = folder / "runs"
        self._snapshots = folder / "snapshots"
        self._chance = random.Random(seed)
        self._killed: Counter[str] = Counter()  # by run
        self.outcome = Outcome(seed)

    def play(self, kills: list[Victim]) -> Outcome:
        self._make_runs(-(-len(kills) // self._kills_a_run))
        with CopyWatch(self._runs) as copies:
            for number, victim in enumerate(kills, start=1):
                self._play_round(number, victim)
            self._await_ends()
        self.outcome.samples = copies.samples
        self.outcome.broken["one copy at a time"] += copies.doubles
        self._judge()
        return self.outcome

    def _make_runs(self, number: int) -> None:
        command = [sys.executable, "-m", "tests.chaos.flywheel_world", str(number), str(self._steps)]
        subprocess.run(command, cwd=REPOSITORY, env=self._stack.build_environ(), stdout=subprocess.DEVNULL, check=True)

    def _play_round(self, number: int, victim: Victim) -> None:
        run, trainer = self._wait_for_training()
        time.sleep(self._chance.uniform(0.0, LATEST_KILL_SECONDS))
        killed_at, began = time.time(), time.monotonic()
        self._kill(victim)
        self._killed[run.run_id] += 1
        lost = 0 if victim in SPARING else trainer
        seconds = self._wait_until_it_goes_on(run.run_id, lost, killed_at, began)
        self.outcome.kills[victim] += 1
        slowest = self.outcome.slowest_seconds
        slowest[victim] = max(slowest.get(victim, 0.0), seconds)
        if seconds > GOES_ON_WITHIN_SECONDS:
            self.outcome.broken["goes on within 60 s"].append(f"round {number}, {victim}: {seconds:.0f} s")
        sys.stdout.write(f"round {number:3}  {victim:<11} goes on after {seconds:4.1f} s\n")
        sys.stdout.flush()

    def _wait_for_training(self) -> tuple[Run, int]:
        """A run that may still be killed, in the middle of its steps, and its trainer's pid."""
        deadline = time.monotonic() + TRAINS_WITHIN_SECONDS
        while time.monotonic() < deadline:
            runs = self._record.list_runs()
            if all(run.is_over for run in runs):  # the last ones were quicker than their kills
                self._make_runs(1)
            for run in runs:
                trainers = list_trainers(self._runs)
                is_training = run.state == "running" and run.phase == "step" and trainers
                if is_training and self._killed[run.run_id] < self._kills_a_run:
                    return run, trainers[0].pid
            time.sleep(0.2)
        waiting = Counter(run.state for run in self._record.list_runs())
        raise TimeoutError(f"nothing trains: {dict(waiting)}")

    def _kill(self, victim: Victim) -> None:
        if victim in ("postgres", "valkey"):
            old = self._stack.kill(victim)  # type: ignore[arg-type]
            self._stack.wait_until_restarted(victim, old)  # type: ignore[arg-type]
            return
        parent = psutil.Process(self._stack.get_pid("celery-training"))
        if victim == "trainer":
            targets = list_trainers(self._runs)
        else:
            targets = parent.children() if victim == "child" else [parent]
        for target in targets:
            target.send_signal(signal.SIGTERM if victim == "parent-term" else signal.SIGKILL)

    def _wait_until_it_goes_on(self, run_id: str, lost: int, killed_at: float, began: float) -> float:
        """Seconds until the run is over, or its heart beats and a trainer works on it, not the one that was lost."""
        while time.monotonic() - began < 2 * GOES_ON_WITHIN_SECONDS:
            run = next(run for run in self._record.list_runs() if run.run_id == run_id)
            beats = run.state == "running" and (run.heartbeat or 0.0) > killed_at + 0.5
            works = any(run_id in " ".join(one.info["cmdline"]) for one in list_trainers(self._runs) if one.pid != lost)
            if run.is_over or (beats and works):
                break
            time.sleep(0.2)
        return time.monotonic() - began

    def _await_ends(self) -> None:
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            is_judged = not set(self._record.count_evaluations()) & {"queued", "running"}
            if all(run.is_over for run in self._record.list_runs()) and is_judged:
                return
            time.sleep(0.5)

    def _judge(self) -> None:
        broken = self.outcome.broken
        runs = self._record.list_runs()
        self.outcome.ends.update(f"{run.state} {run.error_code}".strip() for run in runs)
        self.outcome.attempts.update(run.attempt for run in runs)
        broken["one final state each"] += [run.run_id for run in runs if not run.is_over]
        broken["done in the end"] += [f"{run.run_id} {run.error_code}" for run in runs if run.state != "done"]
        made = self._record.list_made()
        names = Counter(one.adapter for one in made)
        broken["one adapter a run"] += [name for name, count in names.items() if count > 1]
        if len(made) != sum(run.state == "done" for run in runs):
            broken["one adapter a run"].append(f"{len(made)} adapters")
        for one in made:
            train = self._snapshots / one.snapshot / "train.jsonl"
            is_whole = hashlib.sha256(train.read_bytes()).hexdigest() == one.train_sha256
            if not is_whole or one.conversations != TRAIN_TALKS:
                broken["no pair lost"].append(one.run_id)
        waiting = set(self._record.count_evaluations()) & {"queued", "running"}
        broken["every evaluation ended"] += sorted(waiting)


def render(outcome: Outcome) -> str:
    lines = [f"seed {outcome.seed}", f"  {outcome.kills.total():5}  kills"]
    for victim, count in sorted(outcome.kills.items()):
        lines.append(f"  {count:5}  {victim}, went on after {outcome.slowest_seconds[victim]:.1f} s at the latest")
    lines += [f"  {count:5}  runs {end}" for end, count in sorted(outcome.ends.items())]
    lines += [f"  {count:5}  runs in {number} attempts" for number, count in sorted(outcome.attempts.items())]
    lines += [f"  {outcome.samples:5}  looks at the process table"]
    lines += [f"  broken: {promise}: {case}" for promise, cases in outcome.broken.items() for case in cases[:5]]
    return "\n".join([*lines, "clean" if outcome.is_clean else "NOT CLEAN"])


def plan(seed: int, number: int) -> list[Victim]:
    """The victims in turn, in an order of the seed's."""
    kills = [VICTIMS[place % len(VICTIMS)] for place in range(number)]
    random.Random(seed).shuffle(kills)
    return kills


def run_flywheel(
    folder: Path, kills: list[Victim], seed: int, *, steps: int = STEPS, kills_a_run: int = KILLS_A_RUN
) -> Outcome:
    base = make_tiny_base(folder / "base")
    environ = {"TINY_BASE": str(base)}
    settings = "tests.chaos.flywheel_settings"
    with StackProcess(folder, settings_module=settings, environ=environ, slots=1) as stack:
        return Flywheel(stack, folder, seed, steps, kills_a_run).play(kills)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.flywheel", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kills", type=int, default=KILLS)
    arguments = parser.parse_args()
    end_gently_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="mymary-flywheel-") as folder:
        outcome = run_flywheel(Path(folder), plan(arguments.seed, arguments.kills), arguments.seed)
    sys.stdout.write(render(outcome) + "\n")
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
