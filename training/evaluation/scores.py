"""Log-probabilities of held-out answers by side, and the figures that follow from them. Pure: no torch here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_EXPONENT = 700.0
"""exp() of more is no float any more; a perplexity there is beyond discussion anyway."""


@dataclass(frozen=True)
class SideScores:
    """Σ log p of each answer. Pair k is (`chosen`[k], `rejected`[k])."""

    answers: tuple[float, ...]
    chosen: tuple[float, ...] = ()
    rejected: tuple[float, ...] = ()


@dataclass(frozen=True)
class HeldoutScores:
    """`talks`, `pair_talks`: the conversation of each answer and pair; what follows is of all sides alike."""

    talks: tuple[str, ...]
    answer_tokens: tuple[int, ...]
    pair_talks: tuple[str, ...]
    chosen_tokens: tuple[int, ...]
    rejected_tokens: tuple[int, ...]
    sides: dict[str, SideScores]


@dataclass(frozen=True)
class Likelihood:
    """`perplexity` = exp(−Σ log p ÷ tokens) over every answer token of all answers, not a mean of means.

    `accuracy_by_token`: share of pairs whose better answer is likelier, log p divided by its length. `reward_accuracy`:
    share whose better answer gained more log p over the base than the worse one, the reward that DPO learns; None for
    the base itself.
    """

    answers: int
    tokens: int
    perplexity: float
    pairs: int
    accuracy_by_token: float | None
    reward_accuracy: float | None


def summarise(scores: HeldoutScores, side: str) -> Likelihood:
    found, tokens, pairs = scores.sides[side], sum(scores.answer_tokens), len(scores.pair_talks)
    rewards = list_rewards(scores, side)
    by_token = [
        chosen / chosen_tokens - rejected / rejected_tokens
        for chosen, rejected, chosen_tokens, rejected_tokens in zip(
            found.chosen, found.rejected, scores.chosen_tokens, scores.rejected_tokens, strict=True
        )
    ]
    return Likelihood(
        answers=len(found.answers),
        tokens=tokens,
        perplexity=compute_perplexity(found.answers, tokens),
        pairs=pairs,
        accuracy_by_token=_share_above_zero(by_token) if pairs else None,
        reward_accuracy=_share_above_zero(rewards) if pairs and side != "base" else None,
    )


def list_rewards(scores: HeldoutScores, side: str) -> list[float]:
    """For each pair: how much more log p the better answer gained over the base than the worse one, in nats."""
    found, base = scores.sides[side], scores.sides["base"]
    return [
        (chosen - base_chosen) - (rejected - base_rejected)
        for chosen, rejected, base_chosen, base_rejected in zip(
            found.chosen, found.rejected, base.chosen, base.rejected, strict=True
        )
    ]


def compute_perplexity(logps: Sequence[float], tokens: int) -> float:
    """NaN stays NaN."""
    return math.exp(min(-math.fsum(logps) / tokens, LARGEST_EXPONENT)) if tokens else math.nan


def _share_above_zero(values: Sequence[float]) -> float:
    return sum(value > 0 for value in values) / len(values)
