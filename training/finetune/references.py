"""The parent's log-probabilities, which DPO compares with: computed once, stored, checked by a fresh pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from training.finetune.batches import Tree
from training.finetune.config import RunConfig
from training.finetune.processes import Processes
from training.finetune.run_folder import write_atomically
from training.finetune.scorer import Scorer

REFERENCE = "reference.safetensors"
REFERENCE_TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2, "float16": 3e-2}


class ReferenceDiffers(RuntimeError):
    """The stored log-probabilities are not what the lm gives now: another parent, base or library."""


@torch.no_grad()
def find_references(
    folder: Path, config: RunConfig, scorer: Scorer, trees: list[Tree], processes: Processes, stop: Callable[[], None]
) -> dict[str, Tensor]:
    """Log-probability of every path, [paths] by conversation. `stop` raises where the run is to end.

    Raises ReferenceDiffers where a fresh pass over the first row gives other numbers than those stored.
    """
    file = folder / REFERENCE
    scorer.lm.eval()
    if file.exists():
        stored: dict[str, Tensor] = load_file(file)
    else:
        # A new adapter changes nothing yet: without it the same comes out sooner, and the check below proves it.
        is_new = not config.parent_adapter and processes.number == 1  # shards do not like layers that come and go
        with scorer.lm.disable_adapter() if is_new else nullcontext():
            stored = _score_rows(scorer, list(scorer.list_rows(trees)), processes, stop)
        processes.first_alone(lambda: write_atomically(file, save(stored)))
    tolerance = REFERENCE_TOLERANCE[config.dtype]
    first_row = next(scorer.list_rows(trees[: config.trees_per_step]))
    for conversation_id, fresh in _score_rows(scorer, [first_row], processes, stop).items():
        kept = stored.get(conversation_id)
        if kept is None or not torch.allclose(kept, fresh, rtol=tolerance, atol=tolerance):
            raise ReferenceDiffers(f"{REFERENCE}: {conversation_id} is {fresh.tolist()} now, stored is {kept}")
    return stored


def _score_rows(
    scorer: Scorer, rows: Sequence[tuple[Tree, ...]], processes: Processes, stop: Callable[[], None]
) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for row, _ in processes.share(rows):
        stop()
        sums = scorer.score(row).sum_by_path().cpu()
        parts = torch.split(sums, [len(tree.paths) for tree in row])
        found |= {tree.conversation_id: part.clone() for tree, part in zip(row, parts, strict=True)}
    return processes.merge(found)
