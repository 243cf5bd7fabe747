"""A trial's replies in their order, each beside the one of the other side that is nearest in time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chat.serving.sequential import measure_evidence
from chat.serving.trial import MOST_WAITING, Trial

START = datetime(2026, 1, 1, tzinfo=UTC)
NEW, OLD = True, False


def hear_all(replies: list[tuple[bool, bool]]) -> Trial:
    """Each: whether it is the new side's, and whether it went badly; one a second."""
    trial = Trial()
    for second, (is_new, is_bad) in enumerate(replies):
        trial.hear(is_new, (is_bad,), (START + timedelta(seconds=second), UUID(int=second)))
    return trial


def test_each_reply_meets_the_latest_that_waits_on_the_other_side():
    trial = hear_all([(OLD, True), (OLD, False), (NEW, True), (NEW, False), (NEW, True), (OLD, False)])
    assert trial.blocks == [((True,), (False,)), ((False,), (True,)), ((True,), (False,))]
    assert trial.waiting == []


def test_what_waited_too_long_is_compared_with_nothing():
    trial = hear_all([(OLD, True), *[(OLD, False)] * MOST_WAITING, *[(NEW, False)] * (MOST_WAITING + 1)])
    assert len(trial.blocks) == MOST_WAITING
    assert all(old == (False,) for _, old in trial.blocks)
    assert trial.is_new_waiting


@pytest.mark.parametrize("cut", [0, 1, 7, 40])
def test_a_trial_that_was_kept_in_between_ends_the_same(cut: int):
    chance = random.Random(11)
    replies = [(chance.random() < 0.3, chance.random() < 0.2) for _ in range(60)]
    begun = hear_all(replies[:cut])
    again = Trial.load(json.loads(json.dumps(begun.dump())))
    for second, (is_new, is_bad) in enumerate(replies[cut:], start=cut):
        again.hear(is_new, (is_bad,), (START + timedelta(seconds=second), UUID(int=second)))
    assert again == hear_all(replies)
    assert Trial.load(None) == Trial()


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_an_hour_that_goes_badly_on_both_sides_calls_nobody_off(share: float):
    """Of 200 trials of adapters that are equal, at most 5 % and some chance are called off (seeds 0 to 199)."""
    called_off = 0
    for seed in range(200):
        chance = random.Random(seed)
        rates = [0.5 if 800 <= number < 1200 else 0.02 for number in range(2000)]
        trial = hear_all([(chance.random() < share, chance.random() < rate) for rate in rates])
        called_off += measure_evidence((new[0], old[0]) for new, old in trial.blocks) >= 20
    assert called_off <= 16
