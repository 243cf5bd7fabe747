"""How likely held-out answers are, and which answer of a pair is likelier: one pass over trees, no sampling."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from training.finetune.batches import Tree
from training.finetune.config import Method, RunConfig
from training.finetune.inputs import build_heldout, build_template, build_trees
from training.finetune.lm import load_base, load_tokenizer
from training.finetune.scorer import build_scorer


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


def measure_likelihood(
    config: RunConfig, adapter: Path | None, heldout: Path, report: Callable[[int, int], None]
) -> dict[str, Likelihood]:
    """Of the `base`, and of the `adapter` if there is one. `report` is told passes done and in all.

    Raises WeightsError, RecordError.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = load_tokenizer(config.base)
    template = build_template(config, tokenizer)
    imitated = list(build_trees(_as_method(config, "sft"), tokenizer, template, heldout))
    compared = list(build_heldout(_as_method(config, "dpo"), tokenizer, template, heldout))
    lm = load_base(config, device)
    if adapter is not None:
        from peft import PeftModel

        lm = PeftModel.from_pretrained(lm, str(adapter))
    lm.eval()
    scorer = build_scorer(lm, device, use_trees=True, row_tokens=config.row_tokens)
    rows = [list(scorer.list_rows(trees)) for trees in (imitated, compared)]
    sides: dict[str, Any] = {"base": lm.disable_adapter() if adapter is not None else nullcontext()}
    if adapter is not None:
        sides["adapter"] = nullcontext()
    in_all = len(sides) * sum(map(len, rows))
    done = 0
    all_sums: dict[str, list[torch.Tensor]] = {}
    for name, context in sides.items():
        sums: list[list[torch.Tensor]] = []
        with context, torch.no_grad():
            for part in rows:
                sums.append([])
                for row in part:
                    sums[-1].append(scorer.score(row).sum_by_path().cpu())
                    done += 1
                    report(done, in_all)
        all_sums[name] = [torch.cat(part) if part else torch.zeros(0) for part in sums]
    return {name: _summarise(rows, all_sums, name) for name in sides}


def _as_method(config: RunConfig, method: Method) -> RunConfig:
    return replace(config, method=method, last_answer_only=False)


def _summarise(rows: list[list[tuple[Tree, ...]]], sums: dict[str, list[torch.Tensor]], side: str) -> Likelihood:
    """`sums`: log p of each path by side, [imitated, compared], in the order of the rows."""
    imitated, compared = ([tree for row in part for tree in row] for part in rows)
    tokens = sum(tree.scored_tokens for tree in imitated)
    pairs = sum(len(tree.agreements) for tree in compared)
    lengths = torch.tensor([len(path.scored) for tree in compared for path in tree.paths])
    found = sums[side][1]
    return Likelihood(
        answers=sum(len(tree.paths) for tree in imitated),
        tokens=tokens,
        perplexity=math.exp(-float(sums[side][0].sum()) / tokens),
        pairs=pairs,
        accuracy_by_token=_count_better(found / lengths) / pairs if pairs else None,
        reward_accuracy=_count_better(found - sums["base"][1]) / pairs if pairs and side != "base" else None,
    )


def _count_better(values: torch.Tensor) -> int:
    """[2 · pairs], the better answer first."""
    return int((values[::2] > values[1::2]).sum())
