"""Log-probabilities of a forest's scored tokens, by one pass of a causal language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.finetune.forest import Forest, TokenPath, build_mask
from training.finetune.head import compute_token_logps


def score_forest(lm: Any, forest: Forest, *, use_head: bool = False) -> Tensor:
    """[N] float32: log p of each scored token given its path. `lm`: a transformers causal lm, eager or sdpa.

    With `use_head` the lm's body is asked for hidden states and the output layer applied in parts (head.py).
    """
    inputs = {
        "input_ids": forest.ids[None],
        "position_ids": forest.positions[None],
        "attention_mask": build_masks(lm, forest),
        "use_cache": False,
    }
    targets = forest.ids[forest.scored_nodes]
    if use_head:
        hidden = find_body(lm)(**inputs).last_hidden_state[0, forest.scored_parents]  # [N, H]
        return compute_token_logps(hidden, lm.get_output_embeddings().weight, targets)
    nodes, places = forest.readers
    logits: Tensor = lm(**inputs, logits_to_keep=nodes).logits[0].float()  # [R, V]
    return logits[places, targets] - logits.logsumexp(dim=-1)[places]


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


def score_padded(
    lm: Any, paths: Sequence[TokenPath], device: torch.device | str = "cpu", *, use_head: bool = False
) -> list[Tensor]:
    """The plain computation: every path whole, padded on the right. For each path [number of scored tokens] float32."""
    longest = max(len(path.ids) for path in paths)
    ids = torch.zeros(len(paths), longest, dtype=torch.int64, device=device)
    mask = torch.zeros_like(ids)
    for row, path in enumerate(paths):
        ids[row, : len(path.ids)] = torch.tensor(path.ids)
        mask[row, : len(path.ids)] = 1
    rows = torch.tensor([row for row, path in enumerate(paths) for _ in path.scored], device=device)
    places = torch.tensor([place for path in paths for place in path.scored], device=device)
    inputs = {"input_ids": ids, "attention_mask": mask, "use_cache": False}
    if use_head:
        hidden = find_body(lm)(**inputs).last_hidden_state[rows, places - 1]
        logps = compute_token_logps(hidden, lm.get_output_embeddings().weight, ids[rows, places])
    else:
        logits = lm(**inputs).logits[rows, places - 1].float()
        logps = logits.gather(-1, ids[rows, places][:, None])[:, 0] - logits.logsumexp(dim=-1)
    return list(torch.split(logps, [len(path.scored) for path in paths]))


def find_body(lm: Any) -> Any:
    """The lm without its output layer, also inside an adapter."""
    whole = lm.get_base_model() if hasattr(lm, "get_base_model") else lm
    return whole.base_model
