"""What an architecture can do, found by trying: a small computation each way must give the same numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from training.finetune.forest import TokenPath, build_forest
from training.finetune.head import find_frozen_head
from training.finetune.scoring import score_forest, score_padded, sum_by_path

logger = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Relative; far above rounding in float32, far below what a wrong mask gives."""
ROUGH_TOLERANCE = 3e-2
CHANGED_LOGITS = ("final_logit_softcapping", "logit_scale", "logits_scaling")
LONGEST = 1024
"""The probe fills a layer's window up to this many tokens."""


def can_take_forests(lm: Any, device: torch.device | str = "cpu") -> bool:
    """Whether this architecture's attention follows our mask."""
    paths = _build_paths(lm)
    forest = build_forest(paths).to(device)
    return _agree(
        lm,
        lambda: sum_by_path(score_forest(lm, forest), forest.scored_paths, len(paths)),
        lambda: _score_plainly(lm, paths, device),
    )


def can_use_head(lm: Any, device: torch.device | str = "cpu") -> bool:
    """Whether its logits are nothing but the last hidden state times a frozen matrix: not scaled, not capped."""
    config = lm.config.get_text_config()
    # A probe of random weights would not notice these: its logits are small.
    if find_frozen_head(lm) is None or any(getattr(config, name, None) not in (None, 1.0) for name in CHANGED_LOGITS):
        return False
    paths = _build_paths(lm)
    return _agree(
        lm,
        lambda: torch.stack([scores.sum() for scores in score_padded(lm, paths, device, use_head=True)]),
        lambda: _score_plainly(lm, paths, device),
    )


def _build_paths(lm: Any) -> list[TokenPath]:
    trunk = tuple(range(3, 15))
    window = getattr(lm.config.get_text_config(), "sliding_window", None) or 0
    if 0 < window <= LONGEST:
        trunk = tuple(3 + index % 50 for index in range(window + 4))
    scored = tuple(range(len(trunk), len(trunk) + 3))
    return [TokenPath((*trunk, *branch), scored) for branch in ((5, 6, 7), (5, 9, 4))]


def _score_plainly(lm: Any, paths: list[TokenPath], device: torch.device | str) -> Tensor:
    return torch.stack([scores.sum() for scores in score_padded(lm, paths, device)])


def _agree(lm: Any, one: Callable[[], Tensor], other: Callable[[], Tensor]) -> bool:
    was_training = lm.training
    lm.eval()
    try:
        with torch.no_grad():
            ours, plain = one(), other()
    except torch.OutOfMemoryError:
        raise
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        logger.info("the probe failed: %s", error)
        return False  # the architecture does not know these arguments or this shape of mask
    finally:
        lm.train(was_training)
    whole = lm.get_base_model() if hasattr(lm, "get_base_model") else lm
    is_exact = lm.dtype == torch.float32 and not getattr(whole, "is_quantized", False)
    tolerance = TOLERANCE if is_exact else ROUGH_TOLERANCE
    return bool(((ours - plain).abs() <= tolerance * plain.abs()).all())
