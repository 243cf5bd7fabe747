"""Intervals: known values, and how seldom two equal adapters look different."""

from __future__ import annotations

import random

import pytest

from training.gate.intervals import CONFIDENCE, bootstrap_mean
from training.gate.wilson import compute_wilson


def test_wilson_by_hand() -> None:
    # p = 0.5, n = 10, z² = 6.635776: middle (0.5 + 0.3318) ÷ 1.6636 = 0.5, reach 2.576 ÷ 1.6636 · √(0.025 + 0.01659)
    low, high = compute_wilson(5, 10, CONFIDENCE)
    assert (low, high) == (pytest.approx(0.1842, abs=1e-3), pytest.approx(0.8158, abs=1e-3))
    assert compute_wilson(0, 20, CONFIDENCE)[1] == pytest.approx(0.249, abs=1e-3)
    assert compute_wilson(0, 0, CONFIDENCE) == (0.0, 1.0)


def test_a_mean_lies_in_its_interval_and_more_talks_narrow_it() -> None:
    draw = random.Random(1)
    values = [draw.gauss(1, 2) for _ in range(400)]
    few = bootstrap_mean(values[:40], [str(number) for number in range(40)], 1)
    many = bootstrap_mean(values, [str(number) for number in range(400)], 1)
    assert many[0] < 1 < many[1]
    assert many[1] - many[0] < (few[1] - few[0]) / 2


def test_answers_of_one_talk_count_as_one() -> None:
    values = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0] * 10
    alone = bootstrap_mean(values, [str(number) for number in range(60)], 1)
    together = bootstrap_mean(values, [str(number // 3) for number in range(60)], 1)
    assert together[1] - together[0] > 1.4 * (alone[1] - alone[0])


def test_equal_sides_seldom_look_different() -> None:
    draw, alarms, seed = random.Random(20261121), 0, 20261121
    for _ in range(300):
        more = [float(draw.random() < 0.2) - float(draw.random() < 0.2) for _ in range(60)]
        alarms += bootstrap_mean(more, [str(number) for number in range(60)], seed)[0] > 0
    assert alarms <= 6, f"{alarms} of 300, seed {seed}"
