"""Watches the process of a run or an evaluation: keeps it alive, shows its heart and progress, sees what ends it.

The database or the broker may go away meanwhile: the process goes on, heartbeats are tried again. What must not
happen is a second one: whoever finds that the row is no longer theirs stops the process and writes nothing.
"""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import close_old_connections

from training.cycle.claim_run import BEAT_SECONDS, DATABASE_AWAY, Hold
from training.cycle.ending import Ending, RunStopped, fail
from training.cycle.watched_process import WatchedProcess

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS: Final = 0.25
DONE: Final = 0
STOPPED: Final = 3
"""Exit codes that the trainer and the gate share (their __main__.py)."""
RESTARTS: Final = 2
"""What was killed goes on from where it was; one that is always killed needs a person."""
PROGRESS: Final = "progress.json"
ERROR_CHARACTERS: Final = 500
SHOWN_FIELDS: Final = ("phase", "done", "total", "seconds_left", "figures")


@dataclass(frozen=True)
class Watch:
    """`check_row` raises RunStopped where the row itself says stop; `is_leaving`: this worker is told to go."""

    hold: Hold[Any]
    folder: Path
    check_row: Callable[[], None]
    is_leaving: Callable[[], bool]
    deadline: float  # of the monotonic clock

    def run(self, module: str, *arguments: str) -> int:
        """The exit code of `python -m module arguments…`. Raises RunStopped, and then the process has ended too."""
        with WatchedProcess(self.folder, module, *arguments) as process:
            next_beat = time.monotonic()
            while (code := process.find_exit_code()) is None:
                self.stop_if_leaving()
                if time.monotonic() >= next_beat:
                    process.show_life()
                    next_beat = time.monotonic() + BEAT_SECONDS
                    self.beat()
                process.wait(POLL_SECONDS)
            return code

    def run_to_end(self, module: str, *, log: str, codes: Mapping[int, str], otherwise: str, killed: str) -> None:
        """The process that works in the folder, until it is whole; killed or stopped from outside, it is begun again.

        Raises RunStopped: by its exit code one of `codes`, or `otherwise`; `killed` where that never ends.
        """
        how = ""
        for _ in range(1 + RESTARTS):
            code = self.run(module, str(self.folder))
            if code == DONE:
                return
            if code >= 0 and code != STOPPED:
                raise fail(codes.get(code, otherwise), self.read_last_error(log))
            how = signal.Signals(-code).name if code < 0 else "asked to stop"
            logger.warning("%s: %s was %s from outside", self.hold.row, module, how)
        raise fail(killed, how)

    def beat(self) -> None:
        """Raises RunStopped."""
        if time.monotonic() > self.deadline:
            raise RunStopped(Ending.FAILED, "took_too_long")
        close_old_connections()
        try:
            if not self.hold.beat(progress=read_progress(self.folder)):
                raise RunStopped(Ending.LOST)
            self.check_row()
        except DATABASE_AWAY as error:
            logger.warning("%s: no heartbeat (%s); its process goes on", self.hold.row, type(error).__name__)

    def stop_if_leaving(self) -> None:
        if self.is_leaving():
            raise RunStopped(Ending.LEFT)

    def when_heard(self, act: Callable[[], T]) -> T:
        """Tried until the database answers; its own attempt may be over by then. Raises RunStopped when leaving."""
        while True:
            close_old_connections()
            try:
                return act()
            except DATABASE_AWAY as error:
                logger.warning("%s: not written yet (%s)", self.hold.row, type(error).__name__)
            self.stop_if_leaving()
            time.sleep(BEAT_SECONDS)

    def read_last_error(self, log: str) -> str:
        """The last line of the process's log that says ERROR; what people said never stands there."""
        try:
            lines = (self.folder / log).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        errors = [line.partition(" ERROR ")[2] for line in lines if " ERROR " in line]
        return errors[-1][:ERROR_CHARACTERS] if errors else ""


def read_progress(folder: Path) -> dict[str, Any]:
    """What the process tells of itself; empty before its first word."""
    try:
        told = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: told.get(name) for name in SHOWN_FIELDS} if isinstance(told, dict) else {}
