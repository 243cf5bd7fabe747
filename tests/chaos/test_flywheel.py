"""The short form of the flywheel's chaos: a run goes on while each of its surroundings dies once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.flywheel import Victim, render, run_flywheel

KILLS: list[Victim] = ["child", "valkey", "trainer", "postgres", "parent"]


@pytest.mark.timeout(400)
def test_a_run_goes_on_whatever_dies_around_it_and_ends_once(tmp_path: Path) -> None:
    outcome = run_flywheel(tmp_path, KILLS, seed=5, steps=500, kills_a_run=len(KILLS))
    text = render(outcome)
    assert outcome.is_clean, text
    assert outcome.ends.keys() == {"done"}, text
