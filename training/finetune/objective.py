"""From log-probabilities of a row to its part of the step's loss, and the figures that a reader watches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from training.finetune.batches import Tree
from training.finetune.config import RunConfig
from training.finetune.losses import dpo_losses, imitation_losses, sft_loss
from training.finetune.scorer import Scores


def total_weight(config: RunConfig, trees: Sequence[Tree]) -> float:
    if config.method == "sft":
        return sum(w * len(path.scored) for tree in trees for path, w in zip(tree.paths, tree.weights, strict=True))
    return sum(weight for tree in trees for weight in tree.weights[::2])


def compute_loss(
    config: RunConfig, scores: Scores, row: Sequence[Tree], references: dict[str, torch.Tensor], total: float
) -> tuple[torch.Tensor, dict[str, float]]:
    """The row's part of the step's loss, and its part of the step's figures."""
    weights = torch.tensor([weight for tree in row for weight in tree.weights], device=scores.token_logps.device)
    if config.method == "sft":
        return sft_loss(scores.token_logps, weights[scores.paths], total), {}
    by_path = scores.sum_by_path()
    parts = [references[tree.conversation_id][tree.first : tree.first + len(tree.paths)] for tree in row]
    reference = torch.cat(parts).to(by_path)
    agreements = torch.tensor([value for tree in row for value in tree.agreements], device=by_path.device)
    pair_weights = weights[::2] / total
    losses = dpo_losses(
        by_path[::2],
        by_path[1::2],
        reference[::2],
        reference[1::2],
        beta=config.beta,
        label_smoothing=1 - agreements,
    )
    loss = (losses * pair_weights).sum()
    gains = (by_path - reference).detach()
    lengths = torch.tensor([len(path.scored) for tree in row for path in tree.paths], device=by_path.device)
    if config.sft_weight:
        loss = loss + config.sft_weight * (imitation_losses(by_path[::2], lengths[::2]) * pair_weights).sum()
    rewards = config.beta * gains
    figures = {
        "chosen_reward": float((rewards[::2] * pair_weights).sum()),
        "rejected_reward": float((rewards[1::2] * pair_weights).sum()),
        "margin": float(((rewards[::2] - rewards[1::2]) * pair_weights).sum()),
        "accuracy": float(((gains[::2] > gains[1::2]) * pair_weights).sum()),
        "chosen_gain": float((gains[::2] / lengths[::2] * pair_weights).sum()),
        "chosen_tokens": float((lengths[::2] * pair_weights).sum()),
        "rejected_tokens": float((lengths[1::2] * pair_weights).sum()),
    }
    return loss, figures


def learning_rate_factor(done: int, total: int, config: RunConfig) -> float:
    """Share of the learning rate for the step after `done`: a linear warm-up, then the schedule down to 0."""
    warm = config.warmup_steps or math.ceil(config.warmup * total)
    if done < warm:
        return (done + 1) / (warm + 1)
    if config.schedule == "constant":
        return 1.0
    rest = (done - warm) / max(1, total - warm)
    return 1 - rest if config.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * rest))
