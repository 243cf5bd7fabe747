"""`python -m benchmarks.our_side TASK RESULT`: our trainer on one task, in a process and memory of its own."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from benchmarks.rated_talks import build_trees, load
from training.finetune.batches import Tree
from training.finetune.checkpoints import list_trained
from training.finetune.config import parse_config
from training.finetune.lm import attach_adapter, build_optimizer, load_base
from training.finetune.processes import Processes
from training.finetune.references import find_references
from training.finetune.scorer import build_scorer
from training.finetune.step import measure_peak_memory, take_step


def run(task: dict[str, Any]) -> dict[str, Any]:
    config = parse_config(
        {
            "base": task["base"],
            "method": task["method"],
            "dtype": task["dtype"],
            "lora": task["lora"],
            "learning_rate": task["learning_rate"],
            "use_trees": task["settings"]["use_trees"],
            "row_tokens": task["settings"]["row_tokens"],
            "max_tokens": 768,
            "max_gradient_norm": 1e9,
            **task.get("config", {}),
        }
    )
    processes = Processes()
    lm = attach_adapter(load_base(config, processes.device), config)
    scorer = build_scorer(lm, processes.device, use_trees=config.use_trees, row_tokens=config.row_tokens)
    optimizer = build_optimizer([parameter for _, parameter in list_trained(lm)], config)
    steps = list(cut(build_trees(load(task["examples"])), task["trees_a_step"]))
    with torch.no_grad():  # both sides are warm when the clock starts
        scorer.score(next(scorer.list_rows(steps[0][:1])))
    started = time.monotonic()
    references = {}
    if config.method == "dpo":
        trees = [tree for step in steps for tree in step]
        with tempfile.TemporaryDirectory() as folder:
            references = find_references(Path(folder), config, scorer, trees, processes, lambda done, total: None)
    figures = [take_step(config, processes, scorer, step, references, optimizer) for step in steps]
    seconds = time.monotonic() - started
    result: dict[str, Any] = {
        "seconds": seconds,
        "losses": [row["loss"] for row in figures],
        "peak_memory_bytes": measure_peak_memory(),
        "device": processes.device,
    }
    if references:
        sums = torch.cat(list(references.values()))
        result["logps_chosen"], result["logps_rejected"] = float(sums[::2].mean()), float(sums[1::2].mean())
    return result


def cut(trees: list[Tree], size: int) -> list[list[Tree]]:
    rest = iter(trees)
    return list(iter(lambda: list(islice(rest, size)), []))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))
