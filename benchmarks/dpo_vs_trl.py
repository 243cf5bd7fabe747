"""`python -m benchmarks.dpo_vs_trl`: our DPO beside TRL's, same base, pairs, dtype, start and order of steps.

Seconds are those of learning: the parent's log-probabilities (with their check) and every step, not loading, after a
warm-up on both sides. TRL's batch and its precomputing of the reference are tried first, and the quickest is taken.
"""

from __future__ import annotations

import argparse
import logging
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks.rated_talks import describe, dump, list_pairs, list_rated_talks, list_single_pairs, save_unpacked_base
from benchmarks.results import TRAINING, write_result
from benchmarks.sides import LORA, compare, find_best, list_our_sides, run_side
from chat.inference.engines.packaged_lm import get_packaged_lm
from mymary_site.env import REPOSITORY

CURVE_STEPS: Final = 20
CANDIDATES: Final = [{"batch": batch, "precompute": pre} for batch, pre in ((1, False), (1, True), (2, False))]
COMMON: Final = {"method": "dpo", "lora": LORA, "learning_rate": 1e-4, "dtype": "bfloat16"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dpo_vs_trl", description=__doc__)
    parser.add_argument("--models", type=Path, default=REPOSITORY / "var" / "models")
    parser.add_argument("--conversations", type=int, default=2, help="rated at eight turns each")
    parser.add_argument("--rounds", type=int, default=2, help="of the rated conversations; single pairs take one")
    parser.add_argument("--dtype", default="bfloat16", choices=("bfloat16", "float32"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    base = save_unpacked_base(get_packaged_lm(arguments.models), arguments.models / "unpacked")
    write_result("dpo_vs_trl", measure(base, arguments), TRAINING)


def measure(base: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    from training.finetune.lm import load_tokenizer

    tokenizer = load_tokenizer(str(base))
    common = {**COMMON, "base": str(base), "dtype": arguments.dtype}
    rated = list(list_pairs(list_rated_talks(arguments.conversations), tokenizer))
    single = list_single_pairs(8, tokenizer)
    few = {**common, "examples": dump(single[:4]), "steps": 1}
    best, tried = find_best(few, CANDIDATES)
    figures: dict[str, Any] = {
        "base": "gemma-3-270m",
        "dtype": arguments.dtype,
        "lora": LORA,
        "trl_best": best,
        "trl_tried": tried,
    }
    for name, examples, rounds in (("rated", rated, arguments.rounds), ("single", single, 1)):
        # One step takes everything: the order of passes inside it is each side's own.
        task = {**common, "examples": dump(examples), "steps": 1, "trees_a_step": 1000}
        figures[name] = {**describe(examples), **compare(task, best, list_our_sides(1024), rounds)}
    figures["curve"] = compare_curves({**common, "dtype": "float32"}, tokenizer)
    return figures


def compare_curves(common: dict[str, Any], tokenizer: Any) -> dict[str, Any]:
    """Twenty steps of one pair each in float32, where rounding hides nothing: the losses must be the same."""
    talks = list_rated_talks(2 * CURVE_STEPS, turns=2)
    firsts = [rows for talk in talks for rows in islice(list_pairs(iter([talk]), tokenizer), 1)]
    task = {**common, "examples": dump(firsts[:CURVE_STEPS]), "steps": CURVE_STEPS, "trees_a_step": 1}
    theirs = run_side("trl_side", {**task, "settings": {**BEST_FOR_ONE, "same_start": True}}, "curve, TRL")
    ours = run_side("our_side", {**task, "settings": list_our_sides(1024)["trees"]}, "curve, ours")
    differences = [abs(left - right) / right for left, right in zip(ours["losses"], theirs["losses"], strict=True)]
    return {
        "steps": CURVE_STEPS,
        "dtype": "float32",
        "losses_ours": [round(value, 5) for value in ours["losses"]],
        "losses_trl": [round(value, 5) for value in theirs["losses"]],
        "largest_difference": max(differences),
        "last_difference": differences[-1],
    }


BEST_FOR_ONE: Final = {"batch": 1, "precompute": False}
if __name__ == "__main__":
    main()
