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
TOLERANCE_BY_TOKEN = {"float32": 1e-3, "bfloat16": 6e-2, "float16": 6e-2}
"""Nats; rows of another make-up round otherwise. In 16 bits a short answer was seen 0.021 off; a parent that is not
the one that was measured is off by half a nat and more.
"""


class ReferenceDiffers(RuntimeError):
    """The stored log-probabilities are not what the lm gives now: another parent, base or library."""


@torch.no_grad()
def find_references(
    folder: Path,
    config: RunConfig,
    scorer: Scorer,
    trees: list[Tree],
    processes: Processes,
    report: Callable[[int, int], None],
) -> dict[str, Tensor]:
    """Log-probability of every path, [paths] by conversation.

    `report` is told passes done and in all, and raises where the run is to end. Raises ReferenceDiffers where a fresh
    pass over the first row gives other numbers than those stored.
    """
    file = folder / REFERENCE
    scorer.lm.eval()
    if file.exists():
        stored: dict[str, Tensor] = load_file(file)
    else:
        # A new adapter changes nothing yet: without it the same comes out sooner, and the check below proves it.
        is_new = not config.parent_adapter and processes.number == 1  # shards do not like layers that come and go
        with scorer.lm.disable_adapter() if is_new else nullcontext():
            stored = _join_parts(_score_rows(scorer, list(scorer.list_rows(trees)), processes, report))
        processes.first_alone(lambda: write_atomically(file, save(stored)))
    first_row = next(scorer.list_rows(trees[: config.trees_per_step]))
    fresh = _score_rows(scorer, [first_row], processes, report)
    for tree in first_row:
        kept = stored.get(tree.conversation_id, torch.empty(0))[tree.first : tree.first + len(tree.paths)]
        now = fresh[tree.conversation_id, tree.first]
        allowed = TOLERANCE_BY_TOKEN[config.dtype] * torch.tensor([len(path.scored) for path in tree.paths])
        if kept.shape != now.shape or not bool(((kept - now).abs() <= allowed).all()):
            raise ReferenceDiffers(
                f"{REFERENCE}: {tree.conversation_id} is {now.tolist()} now, stored is {kept.tolist()}"
            )
    return stored


def _score_rows(
    scorer: Scorer, rows: Sequence[tuple[Tree, ...]], processes: Processes, report: Callable[[int, int], None]
) -> dict[tuple[str, int], Tensor]:
    """Log-probabilities by conversation and first path of the part."""
    found: dict[tuple[str, int], Tensor] = {}
    mine = processes.share(rows)
    for number, (row, _) in enumerate(mine, start=1):
        report(number, len(mine))
        sums = scorer.score(row).sum_by_path().cpu()
        parts = torch.split(sums, [len(tree.paths) for tree in row])
        found |= {(tree.conversation_id, tree.first): part.clone() for tree, part in zip(row, parts, strict=True)}
    return processes.merge(found)


def _join_parts(found: dict[tuple[str, int], Tensor]) -> dict[str, Tensor]:
    by_conversation: dict[str, list[Tensor]] = {}
    for (name, _), part in sorted(found.items()):
        by_conversation.setdefault(name, []).append(part)
    return {name: torch.cat(parts) for name, parts in by_conversation.items()}
