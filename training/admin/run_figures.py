"""What a run folder tells while its run goes on: the curves, and the end of the log. Read only; nothing is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from training.finetune.run_folder import METRICS
from training.models import TrainingRun

LOG: Final = "run.log"
LOG_BYTES: Final = 16_384
LOG_LINES: Final = 80
MOST_POINTS: Final = 400
SHOWN: Final = (
    *("loss", "margin", "accuracy", "peak_memory_mib", "learning_rate"),
    *("heldout_loss", "heldout_margin", "heldout_accuracy", "heldout_perplexity"),
)

Point = dict[str, float | int | None]


def locate_run(run: TrainingRun) -> Path:
    """As training.cycle.prepare has it, which draws in what reads weights: too heavy for the web process."""
    return Path(settings.MARY_RUNS_FOLDER) / str(run.pk)


def mark_figures(folder: Path) -> str:
    """Another one as soon as the file is another; empty before its first line."""
    try:
        state = (folder / METRICS).stat()
    except OSError:
        return ""
    return f"{state.st_mtime_ns}-{state.st_size}"


def read_figures(folder: Path) -> list[Point]:
    """The steps in order, thinned out; held-out figures all stay. NaN becomes None: JSON has no word for it."""
    points = list(_read_points(folder / METRICS))
    stride = math.ceil(len(points) / MOST_POINTS) if points else 1
    last = len(points) - 1
    return [
        point
        for number, point in enumerate(points)
        if number % stride == 0 or number == last or any(name.startswith("heldout") for name in point)
    ]


def _read_points(path: Path) -> Iterator[Point]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            figures = json.loads(line)
            step = int(figures["step"])
        except (ValueError, KeyError, TypeError):
            continue  # a line that is being written
        yield {"step": step, **{name: _clean(figures[name]) for name in SHOWN if name in figures}}


def _clean(value: Any) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def read_log_tail(folder: Path) -> str:
    """Its last lines, whole ones."""
    try:
        with (folder / LOG).open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - LOG_BYTES))
            tail = log.read().decode(errors="replace")
    except OSError:
        return ""
    lines = tail.splitlines()
    return "\n".join((lines[1:] if size > LOG_BYTES else lines)[-LOG_LINES:])


def find_last(points: list[Point], name: str) -> float | int | None:
    return next((point[name] for point in reversed(points) if point.get(name) is not None), None)
