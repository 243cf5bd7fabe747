"""`python -m benchmarks.sft_vs_trl`: our SFT beside TRL's on the same talks, each learned at every answer.

TRL gets one row a conversation with the loss on all its answers: it repeats nothing, so what is left to gain is
padding, logits where nothing is learned, and the size of the vocabulary.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any, Final

from benchmarks.rated_talks import describe, dump, list_talks_to_imitate, save_unpacked_base
from benchmarks.results import TRAINING, write_result
from benchmarks.sides import LORA, compare, find_best, list_our_sides
from chat.inference.engines.packaged_lm import get_packaged_lm
from mymary_site.env import REPOSITORY

CANDIDATES: Final = [{"batch": batch} for batch in (1, 2, 4, 8)]
TALKS: Final = 8


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sft_vs_trl", description=__doc__)
    parser.add_argument("--models", type=Path, default=REPOSITORY / "var" / "models")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    base = save_unpacked_base(get_packaged_lm(arguments.models), arguments.models / "unpacked")
    write_result("sft_vs_trl", measure(base, arguments.rounds), TRAINING)


def measure(base: Path, rounds: int) -> dict[str, Any]:
    from training.finetune.lm import load_tokenizer

    examples = list(list_talks_to_imitate(TALKS, load_tokenizer(str(base))))
    task = {
        "base": str(base),
        "method": "sft",
        "lora": LORA,
        "learning_rate": 1e-4,
        "dtype": "bfloat16",
        "examples": dump(examples),
        "steps": 1,
        "trees_a_step": 1000,
    }
    best, tried = find_best(task, CANDIDATES)
    return {
        "base": "gemma-3-270m",
        "dtype": "bfloat16",
        "trl_best": best,
        "trl_tried": tried,
        "talks": {**describe(examples), **compare(task, best, list_our_sides(768), rounds)},
    }


if __name__ == "__main__":
    main()
