"""Losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.finetune.losses import dpo_losses, imitation_losses, sft_loss


def test_sft_loss_is_the_weighted_mean_of_minus_log_p() -> None:
    """(1·2 + 1·1 + 0.5·4) ÷ 2.5 = 2."""
    loss = sft_loss(torch.tensor([-2.0, -1.0, -4.0]), torch.tensor([1.0, 1.0, 0.5]), 2.5)
    assert loss.item() == pytest.approx(2.0)


def test_parts_of_a_step_add_up_to_the_step() -> None:
    logps, weights = torch.randn(6), torch.rand(6)
    parts = sft_loss(logps[:2], weights[:2], weights.sum()) + sft_loss(logps[2:], weights[2:], weights.sum())
    torch.testing.assert_close(parts, sft_loss(logps, weights, weights.sum()))


def test_dpo_loss_by_hand() -> None:
    """h = (−10 − −12) − (−15 − −14) = 3; β·h = 0.3; −log σ(0.3) = log(1 + e^−0.3) = 0.5543552."""
    loss = dpo_losses(*map(torch.tensor, ([-10.0], [-15.0], [-12.0], [-14.0])), beta=0.1)
    assert loss.item() == pytest.approx(0.5543552, abs=1e-6)


def test_dpo_begins_at_log_two() -> None:
    same = torch.tensor([-7.0])
    assert dpo_losses(same, same - 3, same, same - 3, beta=0.5).item() == pytest.approx(math.log(2))


def test_imitation_loss_is_a_mean_over_tokens() -> None:
    assert imitation_losses(torch.tensor([-6.0, -1.0]), torch.tensor([3, 2])).tolist() == [2.0, 0.5]


def test_annotators_who_disagree_soften_the_loss() -> None:
    """ε = 0.2: 0.8·0.5543552 + 0.2·(0.5543552 + 0.3) = 0.6143552, since −log σ(−x) = −log σ(x) + x."""
    pair = [torch.tensor([value]) for value in (-10.0, -15.0, -12.0, -14.0)]
    loss = dpo_losses(*pair, beta=0.1, label_smoothing=torch.tensor([0.2]))
    assert loss.item() == pytest.approx(0.6143552, abs=1e-6)
