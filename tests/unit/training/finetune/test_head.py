"""Log-probabilities in blocks of the vocabulary are those of the whole softmax, gradients included."""

from __future__ import annotations

import pytest
import torch

from tests.unit.training.finetune.tiny import CONFIGS, build_lm, build_rated_paths
from training.finetune import head
from training.finetune.forest import build_forest
from training.finetune.head import compute_token_logps, find_frozen_head
from training.finetune.probes import can_use_head
from training.finetune.scoring import score_forest, score_padded

RELATIVE = 1e-4


@pytest.mark.parametrize("block", [7, 32, 97, 4096])
def test_blocks_of_any_size_give_the_whole_softmax(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setitem(head.BLOCK, "cpu", block)
    torch.manual_seed(1)
    hidden = (3 * torch.randn(5, 16)).requires_grad_()
    weight, targets = torch.randn(97, 16), torch.tensor([0, 96, 7, 50, 7])
    ours = compute_token_logps(hidden, weight, targets)
    (ours * torch.arange(1.0, 6.0)).sum().backward()
    ours_gradient, hidden.grad = hidden.grad, None
    plain = torch.log_softmax(hidden @ weight.t(), dim=-1)[torch.arange(5), targets]
    (plain * torch.arange(1.0, 6.0)).sum().backward()
    torch.testing.assert_close(ours, plain, rtol=RELATIVE, atol=1e-5)
    torch.testing.assert_close(ours_gradient, hidden.grad, rtol=RELATIVE, atol=1e-5)


def test_no_token_is_surer_than_sure_in_16_bits() -> None:
    torch.manual_seed(2)
    weight = (torch.randn(8192, 64) * 0.5).bfloat16()
    targets = torch.randint(0, 8192, (64,))
    hidden = (weight[targets].float() * 3).bfloat16()
    logps = compute_token_logps(hidden, weight, targets)
    exact = torch.log_softmax(hidden.float() @ weight.float().t(), dim=-1)[torch.arange(64), targets]
    assert logps.max() <= 1e-3
    assert (logps - exact).abs().max() < 0.3  # half a unit in the last place of logits near 64, twice


def test_logits_far_apart_give_no_infinity() -> None:
    weight = torch.tensor([[1000.0], [-1000.0], [0.0]])
    logps = compute_token_logps(torch.tensor([[1.0], [-1.0]]), weight, torch.tensor([0, 0]))
    torch.testing.assert_close(logps, torch.tensor([0.0, -2000.0]))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_architecture_scores_alike_with_its_head_in_blocks(name: str) -> None:
    lm = build_lm(CONFIGS[name]())
    lm.get_output_embeddings().weight.requires_grad_(False)
    assert can_use_head(lm) == (name != "gemma2")  # its logits are capped: it takes the plain way
    if name == "gemma2":
        return
    paths = build_rated_paths(3)
    forest = build_forest(paths)
    plain, ours = score_forest(lm, forest), score_forest(lm, forest, use_head=True)
    torch.testing.assert_close(ours, plain, rtol=RELATIVE, atol=1e-5)
    for left, right in zip(score_padded(lm, paths, use_head=True), score_padded(lm, paths), strict=True):
        torch.testing.assert_close(left, right, rtol=RELATIVE, atol=1e-5)


def test_a_head_that_learns_is_left_to_autograd() -> None:
    lm = build_lm(CONFIGS["llama"]())
    assert find_frozen_head(lm) is None
    assert not can_use_head(lm)
