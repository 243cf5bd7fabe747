"""Losses as pure functions of log-probabilities. P pairs, N tokens; every result is a scalar to minimise."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sft_loss(token_logps: Tensor, token_weights: Tensor, total_weight: float | Tensor) -> Tensor:
    """Weighted mean negative log-likelihood: −Σ w·log p ÷ `total_weight`.

    `token_logps`, `token_weights`: [N], answer tokens only. `total_weight` is the sum over the whole optimiser step, so
    that parts of a step add up to the gradient of the step.
    """
    return -(token_logps * token_weights).sum() / total_weight


def imitation_losses(logps: Tensor, lengths: Tensor) -> Tensor:
    """−log π(chosen) ÷ tokens, [P]: keeps the better answers likely while preferences are learned.

    Added to DPO with a weight: Pang et al. 2024, "Iterative Reasoning Preference Optimization", equation 2.
    """
    return -logps / lengths


def dpo_losses(
    chosen: Tensor,
    rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    beta: float,
    label_smoothing: Tensor | float = 0.0,
) -> Tensor:
    """Direct Preference Optimization, a loss for each pair [P]. All inputs: summed log-probabilities, [P].

    Rafailov et al. 2023, "Direct Preference Optimization", equation 7: −log σ(β·h) with
    h = (log π(chosen) − log π_ref(chosen)) − (log π(rejected) − log π_ref(rejected)).
    `label_smoothing` ε (a number or [P], 0 ≤ ε < 0.5) is the chance that annotators meant the other one: Mitchell 2023,
    "A note on DPO with noisy preferences" (cDPO): −(1 − ε)·log σ(β·h) − ε·log σ(−β·h).
    """
    logits = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    smoothing = torch.as_tensor(label_smoothing, dtype=logits.dtype, device=logits.device)
    return -(1 - smoothing) * F.logsigmoid(logits) - smoothing * F.logsigmoid(-logits)
