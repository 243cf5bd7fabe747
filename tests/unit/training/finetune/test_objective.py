"""A row's loss by hand: weights, agreement and the imitation term reach it, each in its place."""

from __future__ import annotations

import math

import pytest
import torch

from training.finetune.batches import Tree
from training.finetune.config import RunConfig, parse_config
from training.finetune.forest import TokenPath
from training.finetune.objective import compute_loss, learning_rate_factor, total_weight
from training.finetune.scorer import Scores

BETA = 0.1
PATHS = (TokenPath((1, 2, 3), (1, 2)), TokenPath((1, 4), (1,)), TokenPath((1, 5), (1,)), TokenPath((1, 6, 7), (1, 2)))
TREE = Tree("talk", PATHS, (1.0, 1.0, 3.0, 3.0), (1.0, 0.75))
LOGPS = torch.tensor([-1.0, -2.0, -4.0, -5.0, -1.5, -1.5])  # of the six scored tokens
SCORES = Scores(LOGPS, torch.tensor([0, 0, 1, 2, 3, 3]), 4)
REFERENCE = torch.tensor([-4.0, -3.0, -5.5, -2.0])


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def make_config(**settings: object) -> RunConfig:
    return parse_config({"base": "x", "method": "dpo", "beta": BETA, **settings})


def test_dpo_by_hand() -> None:
    config = make_config(sft_weight=0.5)
    total = total_weight(config, [TREE])
    assert total == 4.0
    loss, figures = compute_loss(config, SCORES, [TREE], {"talk": REFERENCE}, total)
    gains = [-3 + 4, -4 + 3, -5 + 5.5, -3 + 2]
    first, second = BETA * (gains[0] - gains[1]), BETA * (gains[2] - gains[3])
    of_first = -math.log(sigmoid(first))
    of_second = -0.75 * math.log(sigmoid(second)) - 0.25 * math.log(sigmoid(-second))
    imitation = (1 * 3 / 2 + 3 * 5 / 1) / 4
    assert float(loss) == pytest.approx((of_first + 3 * of_second) / 4 + 0.5 * imitation, rel=1e-5)
    assert figures["margin"] == pytest.approx((first + 3 * second) / 4)
    assert figures["accuracy"] == 1.0
    assert figures["chosen_tokens"] == pytest.approx((2 + 3 * 1) / 4)
    assert figures["rejected_tokens"] == pytest.approx((1 + 3 * 2) / 4)
    assert figures["chosen_gain"] == pytest.approx((gains[0] / 2 + 3 * gains[2] / 1) / 4)


def test_a_later_part_of_a_tree_is_compared_with_its_own_reference() -> None:
    config = make_config()
    whole, _ = compute_loss(config, SCORES, [TREE], {"talk": REFERENCE}, 4.0)
    parts = [
        (Tree("talk", PATHS[:2], (1.0, 1.0), (1.0,)), Scores(LOGPS[:3], torch.tensor([0, 0, 1]), 2)),
        (Tree("talk", PATHS[2:], (3.0, 3.0), (0.75,), first=2), Scores(LOGPS[3:], torch.tensor([0, 1, 1]), 2)),
    ]
    losses = [compute_loss(config, scores, [part], {"talk": REFERENCE}, 4.0)[0] for part, scores in parts]
    assert float(sum(losses)) == pytest.approx(float(whole))


def test_sft_weighs_every_token_by_its_path() -> None:
    config = parse_config({"base": "x"})
    total = total_weight(config, [TREE])
    assert total == 2 + 1 + 3 + 6
    loss, _ = compute_loss(config, SCORES, [TREE], {}, total)
    assert float(loss) == pytest.approx((3 + 4 + 3 * 5 + 3 * 3) / 12)


def test_the_rate_warms_up_by_share_or_by_steps_and_falls_to_nothing() -> None:
    by_share = parse_config({"base": "x", "warmup": 0.1, "schedule": "linear"})
    assert [round(learning_rate_factor(done, 20, by_share), 3) for done in (0, 1, 2, 19)] == [0.333, 0.667, 1.0, 0.056]
    by_steps = parse_config({"base": "x", "warmup_steps": 5, "schedule": "constant"})
    assert [learning_rate_factor(done, 20, by_steps) < 1 for done in (0, 4, 5, 19)] == [True, True, False, False]
