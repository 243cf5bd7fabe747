"""The forest's log-probabilities and gradients are those of the plain computation, for every kind of attention."""

from __future__ import annotations

import pytest
import torch
import transformers

from tests.unit.training.finetune.tiny import CONFIGS, build_lm, build_rated_paths
from training.finetune.forest import build_forest
from training.finetune.probes import can_take_forests
from training.finetune.scoring import score_forest, score_padded, sum_by_path

RELATIVE = 1e-4
SEED = 3


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", CONFIGS)
def test_forest_and_plain_give_equal_log_probabilities_and_gradients(name: str, attention: str) -> None:
    if name == "gemma2" and attention == "sdpa":
        pytest.skip("transformers has no sdpa for Gemma 2: its logits are capped")
    lm = build_lm(CONFIGS[name](), attention=attention)
    paths = build_rated_paths(SEED)
    forest = build_forest(paths)
    weights = torch.linspace(-1, 1, len(paths))

    tree = sum_by_path(score_forest(lm, forest), forest.scored_paths, len(paths))
    (tree * weights).sum().backward()
    tree_gradients = {key: parameter.grad.clone() for key, parameter in lm.named_parameters()}
    lm.zero_grad()
    plain = torch.stack([score_padded(lm, [path])[0].sum() for path in paths])
    (plain * weights).sum().backward()

    assert ((tree - plain).abs() / plain.abs()).max() < RELATIVE
    for key, parameter in lm.named_parameters():
        difference = (tree_gradients[key] - parameter.grad).norm() / parameter.grad.norm().clamp(min=1e-6)
        assert difference < RELATIVE, key


def test_padding_changes_no_log_probability() -> None:
    lm = build_lm(CONFIGS["llama"]())
    paths = build_rated_paths(SEED)
    together = score_padded(lm, paths)
    for path, scores in zip(paths, together, strict=True):
        torch.testing.assert_close(scores, score_padded(lm, [path])[0], rtol=RELATIVE, atol=RELATIVE)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_probe_lets_in_every_architecture_that_works(name: str) -> None:
    assert can_take_forests(build_lm(CONFIGS[name]()))


def test_the_probe_finds_an_architecture_that_ignores_positions() -> None:
    config = transformers.BloomConfig(vocab_size=97, hidden_size=32, n_layer=2, n_head=4)
    assert not can_take_forests(build_lm(config))
