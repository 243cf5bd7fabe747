"""The script for a GPU runs from end to end on a tiny network; what a GPU gives is measured where there is one."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

from benchmarks.polyglot_on_gpu import TURNS, list_rated, measure


def test_every_figure_is_measured(tmp_path: Path) -> None:
    figures = measure(tmp_path, tiny=True, with_trl=False, conversations=1)
    assert figures["shape"] == "tiny"
    assert figures["peak_gib_nf4"] > 0
    assert figures["pairs_per_second_ours"] > 0


def test_a_rated_talk_grows_turn_by_turn() -> None:

    examples = list_rated(random.Random(1), 100, 1)
    assert len(examples) == TURNS
    for before, after in pairwise(examples):
        assert after.prompt[: len(before.prompt) + len(before.chosen)] == [*before.prompt, *before.chosen]
