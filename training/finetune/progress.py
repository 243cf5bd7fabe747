"""How far a run is: a bar in a terminal, and progress.json for whoever watches it from another process."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from training.finetune.run_folder import write_json

PROGRESS: Final = "progress.json"
WRITTEN_EVERY_SECONDS: Final = 1.0


class ProgressBar:
    """Shown on a terminal only: a log file gets lines instead."""

    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown and sys.stderr.isatty()
        self._bar: tqdm | None = None
        self._phase = ""
        self._redirection = logging_redirect_tqdm()

    def __enter__(self) -> ProgressBar:
        if self._is_shown:
            self._redirection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._is_shown:
            self._redirection.__exit__(kind, error, trace)

    def show(self, phase: str, done: int, total: int, figures: dict[str, float]) -> None:
        if not self._is_shown:
            return
        if self._bar is None or self._phase != phase:
            if self._bar is not None:
                self._bar.close()
            self._phase = phase
            self._bar = tqdm(desc=phase, total=total, initial=done - 1, dynamic_ncols=True, leave=phase == "step")
        shown = {name: f"{figures[name]:.3f}" for name in ("loss", "margin", "accuracy") if name in figures}
        self._bar.set_postfix(shown)
        self._bar.update(done - self._bar.n)


class ProgressFile:
    """Phase, done, total, seconds left of this phase, and the last figures; written at most once a second."""

    def __init__(self, run_folder: Path) -> None:
        self._path = run_folder / PROGRESS
        self._phase = ""
        self._began: tuple[float, int] = (0.0, 0)  # when this process entered the phase, and how much was done
        self._written = 0.0

    def show(self, phase: str, done: int, total: int, figures: dict[str, float]) -> None:
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began, self._written = phase, (now, done), 0.0
        if now - self._written < WRITTEN_EVERY_SECONDS and done < total:
            return
        self._written = now
        left = self._estimate(now, done, total)
        write_json(self._path, {"phase": phase, "done": done, "total": total, "seconds_left": left, "figures": figures})

    def _estimate(self, now: float, done: int, total: int) -> int | None:
        began_at, began_with = self._began
        return round((now - began_at) / (done - began_with) * (total - done)) if done > began_with else None
