"""The bar of a run in a terminal: passes and steps, rate, time left, the newest loss."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm


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
