"""The test of the two arms: it seldom cries for nothing, and it sees an arm that is worse."""

from __future__ import annotations

import random

import pytest

from chat.serving.sequential import measure_evidence

SEED = 20_261_121
REPLIES = 200
LIMIT = 4 / 0.05  # four rates share the false alarms


def count_alarms(rate_new: float, rate_old: float, *, limit: float, runs: int = 1000) -> int:
    draws = random.Random(SEED)
    print(f"seed {SEED}")
    arms = ([(draws.random() < rate_new, draws.random() < rate_old) for _ in range(REPLIES)] for _ in range(runs))
    return sum(measure_evidence(blocks) >= limit for blocks in arms)


def test_three_blocks_by_hand() -> None:
    """Nothing is learned before the first; then (1 + 0.18)/(1 + 0.36) against 0.18/1.36, whose mean is 0.5."""
    high, low = 1.18 / 1.36, 0.18 / 1.36
    second = (high / 0.5) * ((1 - low) / 0.5)
    assert measure_evidence([(True, False)]) == 1
    assert measure_evidence([(True, False), (True, False)]) == pytest.approx(second)
    high, low = 2.18 / 2.36, 0.18 / 2.36
    third = second * (high / 0.5) * (low / 0.5)
    assert measure_evidence([(True, False), (True, False), (True, True)]) == pytest.approx(max(second, third))


@pytest.mark.parametrize(("rate_new", "rate_old"), [(0.02, 0.02), (0.1, 0.1), (0.5, 0.5), (0.05, 0.2)])
def test_equal_and_better_arms_are_seldom_accused_even_if_looked_at_after_every_reply(
    rate_new: float, rate_old: float
) -> None:
    assert count_alarms(rate_new, rate_old, limit=20) <= 50  # 5 % of a thousand


@pytest.mark.parametrize(("rate_new", "rate_old", "found"), [(0.5, 0.1, 990), (0.3, 0.08, 800), (0.15, 0.0, 800)])
def test_a_worse_arm_is_found_within_the_replies_that_are_waited_for(
    rate_new: float, rate_old: float, found: int
) -> None:
    assert count_alarms(rate_new, rate_old, limit=LIMIT) >= found


def test_an_arm_without_a_fault_is_never_accused() -> None:
    assert measure_evidence([(False, True)] * REPLIES) == 1
    assert measure_evidence([]) == 1
