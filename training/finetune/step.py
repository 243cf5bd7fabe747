"""One step of the optimiser: rows of trees, their gradients added up, one update."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.finetune.batches import Tree
from training.finetune.checkpoints import list_trained
from training.finetune.config import RunConfig
from training.finetune.objective import compute_loss, total_weight
from training.finetune.processes import Processes, gather_whole
from training.finetune.scorer import Scorer


class RunDiverged(RuntimeError):
    """The loss or its gradient is no finite number any more; nothing of that step is kept."""


def take_step(
    config: RunConfig,
    processes: Processes,
    scorer: Scorer,
    step: Sequence[Tree],
    references: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
) -> dict[str, Any]:
    """Learn from these trees at once, and say how it went. Raises RunDiverged before anything of it is learned."""
    started = time.monotonic()
    scorer.lm.train()
    optimizer.zero_grad(set_to_none=True)
    total = total_weight(config, step)
    sums: dict[str, float] = {}
    for row, factor in processes.share(list(scorer.list_rows(step))):
        loss, figures = compute_loss(config, scorer.score(row), row, references, total)
        (loss * factor).backward()  # type: ignore[no-untyped-call]
        add_up(sums, loss, figures, counts=factor > 0)
    trained = [parameter for _, parameter in list_trained(scorer.lm)]
    processes.add_gradients(trained)
    sums = processes.add(sums)
    norm = float(gather_whole(torch.nn.utils.clip_grad_norm_(trained, config.max_gradient_norm)))
    if not math.isfinite(sums["loss"]) or not math.isfinite(norm):
        raise RunDiverged(f"loss {sums['loss']}, gradient {norm}: lower learning_rate, or take bfloat16 or float32")
    optimizer.step()
    return {
        **sums,
        "gradient_norm": norm,
        "learning_rate": optimizer.param_groups[0]["lr"],
        "nodes": sum(tree.tokens for tree in step),
        "scored_tokens": sum(tree.scored_tokens for tree in step),
        "seconds": round(time.monotonic() - started, 3),
        "peak_memory_mib": measure_peak_memory() >> 20,
    }


def measure_peak_memory() -> int:
    """Bytes: what torch held at most on the GPU, or this process in all."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def add_up(sums: dict[str, float], loss: Tensor, figures: dict[str, float], *, counts: bool) -> None:
    for name, value in {"loss": float(loss.detach()), **figures}.items():
        sums[name] = sums.get(name, 0.0) + (value if counts else 0.0)
