"""Log-probabilities of a forest's scored tokens, by one pass of a causal language model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.finetune.forest import Forest, TokenPath, build_forest, build_mask

logger = logging.getLogger(__name__)

PROBE_TOLERANCE = 1e-3
"""Relative; far above rounding in float32, far below what a wrong mask gives."""
ROUGH_TOLERANCE = 3e-2
LONGEST_PROBE = 1024
"""The probe fills a layer's window up to this many tokens."""


def score_forest(lm: Any, forest: Forest) -> Tensor:
    """[N] float32: log p of each scored token given its path. `lm`: a transformers causal lm, eager or sdpa."""
    nodes, places = forest.readers
    answer = lm(
        input_ids=forest.ids[None],
        position_ids=forest.positions[None],
        attention_mask=build_masks(lm, forest),
        logits_to_keep=nodes,
        use_cache=False,
    )
    logits: Tensor = answer.logits[0].float()  # [R, V]
    return logits[places, forest.ids[forest.scored_nodes]] - logits.logsumexp(dim=-1)[places]


def sum_by_path(token_logps: Tensor, scored_paths: Tensor, number_of_paths: int) -> Tensor:
    """[N], [N] → [number of paths]."""
    return token_logps.new_zeros(number_of_paths).index_add(0, scored_paths, token_logps)


def build_masks(lm: Any, forest: Forest) -> Tensor | dict[str, Tensor]:
    """Additive masks [1, 1, T, T] in the lm's dtype: one for all layers, or one a kind of layer where they differ."""
    config = lm.config.get_text_config()
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if not kinds:
        is_windowed = window is not None and getattr(config, "use_sliding_window", True)
        return _additive(build_mask(forest, window if is_windowed else None), lm.dtype)
    if unknown := kinds - {"full_attention", "sliding_attention"}:
        raise UnsupportedLayers(f"layers of kind {', '.join(sorted(unknown))}")
    return {
        kind: _additive(build_mask(forest, window if kind == "sliding_attention" else None), lm.dtype) for kind in kinds
    }


class UnsupportedLayers(ValueError):
    """The architecture has layers that no attention mask describes."""


def _additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    zeros = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return zeros.masked_fill(~mask, torch.finfo(dtype).min)[None, None]


def score_padded(lm: Any, paths: Sequence[TokenPath], device: torch.device | str = "cpu") -> list[Tensor]:
    """The plain computation: every path whole, padded on the right. For each path [number of scored tokens] float32."""
    longest = max(len(path.ids) for path in paths)
    ids = torch.zeros(len(paths), longest, dtype=torch.int64, device=device)
    mask = torch.zeros_like(ids)
    for row, path in enumerate(paths):
        ids[row, : len(path.ids)] = torch.tensor(path.ids)
        mask[row, : len(path.ids)] = 1
    logits = lm(input_ids=ids, attention_mask=mask, use_cache=False).logits.float()
    logps = logits[:, :-1].gather(-1, ids[:, 1:, None])[..., 0] - logits[:, :-1].logsumexp(dim=-1)
    return [logps[row, torch.tensor(path.scored, device=device) - 1] for row, path in enumerate(paths)]


def can_take_forests(lm: Any, device: torch.device | str = "cpu") -> bool:
    """Whether this architecture's attention follows our mask: a small forest must score like its paths one by one."""
    trunk = tuple(range(3, 15))
    window = getattr(lm.config.get_text_config(), "sliding_window", None) or 0
    if 0 < window <= LONGEST_PROBE:
        trunk = tuple(3 + index % 50 for index in range(window + 4))
    paths = [
        TokenPath((*trunk, *branch), tuple(range(len(trunk), len(trunk) + 3))) for branch in ((5, 6, 7), (5, 9, 4))
    ]
    was_training = lm.training
    lm.eval()
    try:
        with torch.no_grad():
            forest = build_forest(paths).to(device)
            tree = sum_by_path(score_forest(lm, forest), forest.scored_paths, len(paths))
            plain = torch.stack([scores.sum() for scores in score_padded(lm, paths, device)])
    except torch.OutOfMemoryError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        logger.info("the probe of a tree's mask failed: %s", error)
        return False  # the architecture does not know these arguments or this shape of mask
    finally:
        lm.train(was_training)
    tolerance = PROBE_TOLERANCE if lm.dtype == torch.float32 else ROUGH_TOLERANCE
    return bool(((tree - plain).abs() <= tolerance * plain.abs()).all())
