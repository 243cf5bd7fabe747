"""What a run tells of itself to those who watch it from another process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.finetune import progress
from training.finetune.progress import ProgressFile


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def read(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "progress.json").read_text())
    return told


def test_the_time_left_is_counted_from_what_this_process_did(tmp_path: Path, clock: list[float]) -> None:
    file = ProgressFile(tmp_path)
    file.show("step", 51, 100, {"loss": 2.0})  # it went on after step 50
    assert read(tmp_path)["seconds_left"] is None
    clock[0] += 20
    file.show("step", 61, 100, {"loss": 1.0})
    # 10 steps in 20 s: 39 more take 78.
    assert read(tmp_path) == {"phase": "step", "done": 61, "total": 100, "seconds_left": 78, "figures": {"loss": 1.0}}


def test_it_is_written_at_most_once_a_second_but_never_without_its_end(tmp_path: Path, clock: list[float]) -> None:
    file = ProgressFile(tmp_path)
    for done in (1, 2, 3):
        file.show("step", done, 4, {})
    assert read(tmp_path)["done"] == 1
    file.show("step", 4, 4, {})
    assert read(tmp_path)["done"] == 4
