"""`python -m benchmarks.polyglot_on_gpu`: memory and speed on one GPU, on GPT-NeoX of Polyglot-Ko-12.8B's shape.

Random weights, random ids: neither changes memory or speed. Figures: peak memory of the preset `mymary-sft` at one row
of 512 tokens; of the same LoRA on a base in bf16; and, with TRL at hand, pairs per second on conversations rated at
eight turns. `--tiny` takes a network of some thousand weights, so that the script itself is tested on a CPU.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
from pathlib import Path
from typing import Any, Final

import torch
import transformers

from benchmarks.rated_talks import Example, dump
from benchmarks.results import OURS, write_result
from benchmarks.sides import run_side
from mymary_site.env import REPOSITORY
from training.finetune.presets import MYMARY_SFT

# Config of EleutherAI/polyglot-ko-12.8b.
POLYGLOT: Final = {
    "hidden_size": 5120,
    "intermediate_size": 20480,
    "num_hidden_layers": 40,
    "num_attention_heads": 40,
    "vocab_size": 30080,
    "max_position_embeddings": 2048,
}
TINY: Final = {
    **POLYGLOT,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 512,
}
ROW_TOKENS: Final = 512
TURNS, USER_TOKENS, ANSWER_TOKENS, PERSONA_TOKENS = 8, 18, 49, 60
"""Means of MyMary's data: 17.6 tokens a turn of the user, 48.8 of the bot (reference systems, A)."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polyglot_on_gpu", description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "var" / "models" / "polyglot-shape")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--without-trl", action="store_true")
    parser.add_argument("--conversations", type=int, default=8)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    figures = measure(
        arguments.folder, tiny=arguments.tiny, with_trl=not arguments.without_trl, conversations=arguments.conversations
    )
    name = "polyglot_on_gpu_tiny" if arguments.tiny else "polyglot_on_gpu"
    write_result(name, figures, [*OURS, *([] if arguments.without_trl else ["trl"])])


def measure(folder: Path, *, tiny: bool, with_trl: bool, conversations: int) -> dict[str, Any]:
    base = save_base(folder, TINY if tiny else POLYGLOT)
    vocabulary = (TINY if tiny else POLYGLOT)["vocab_size"]
    lora = MYMARY_SFT["lora"]
    common = {"base": str(base), "lora": lora, "dtype": "bfloat16", "learning_rate": 3e-4, "steps": 1}
    chance = random.Random(1)
    one_row = [Example("row", draw(chance, vocabulary, ROW_TOKENS - 100), draw(chance, vocabulary, 100), [])]
    quantised = {"quantisation": "nf4", "gradient_checkpointing": True}
    sides = {"nf4": quantised, "bf16": {"quantisation": "none", "gradient_checkpointing": True}}
    figures: dict[str, Any] = {"shape": "tiny" if tiny else "polyglot-ko-12.8b", "device": describe_device()}
    for name, config in sides.items():
        task = {**common, "method": "sft", "examples": dump(one_row), "trees_a_step": 1, "config": config}
        result = run_side("our_side", {**task, "settings": {"use_trees": True, "row_tokens": 768}}, f"memory, {name}")
        figures[f"peak_gib_{name}"] = round(result["peak_memory_bytes"] / 2**30, 2)
    figures["nf4_to_bf16"] = round(figures["peak_gib_nf4"] / figures["peak_gib_bf16"], 3)
    rated = list_rated(chance, vocabulary, conversations)
    task = {**common, "method": "dpo", "examples": dump(rated), "trees_a_step": 1000, "config": quantised}
    ours = run_side("our_side", {**task, "settings": {"use_trees": True, "row_tokens": 2048}}, "rated, ours")
    figures["pairs_per_second_ours"] = round(len(rated) / ours["seconds"], 2)
    if with_trl:
        tried: list[dict[str, Any]] = []
        for settings in ({"batch": batch, "precompute": pre} for batch in (1, 2, 4, 8) for pre in (False, True)):
            try:
                theirs = run_side("trl_side", {**task, "settings": settings}, f"TRL, {settings}")
            except RuntimeError as error:  # out of memory at a larger batch is a result as well
                tried.append({**settings, "pairs_per_second": 0.0, "error": str(error)[-200:]})
                continue
            tried.append({**settings, "pairs_per_second": round(len(rated) / theirs["seconds"], 2)})
        figures["trl_tried"] = tried
        best = max(row["pairs_per_second"] for row in tried)
        figures["ratio_to_trl"] = round(figures["pairs_per_second_ours"] / best, 2)
    return figures


def save_base(folder: Path, sizes: dict[str, int]) -> Path:
    """Weights drawn at random, written once."""
    if not (folder / "config.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(0)
        torch.set_default_dtype(torch.bfloat16)
        try:
            lm = transformers.AutoModelForCausalLM.from_config(transformers.GPTNeoXConfig(**sizes))
        finally:
            torch.set_default_dtype(torch.float32)
        lm.save_pretrained(folder, safe_serialization=True)
    return folder


def draw(chance: random.Random, vocabulary: int, length: int) -> list[int]:
    return [chance.randrange(3, vocabulary) for _ in range(length)]


def list_rated(chance: random.Random, vocabulary: int, conversations: int) -> list[Example]:
    examples = []
    for number in range(conversations):
        prompt = draw(chance, vocabulary, PERSONA_TOKENS)
        for _ in range(TURNS):
            prompt = [*prompt, *draw(chance, vocabulary, USER_TOKENS)]
            chosen, rejected = (draw(chance, vocabulary, ANSWER_TOKENS) for _ in range(2))
            examples.append(Example(f"talk-{number}", prompt, chosen, rejected))
            prompt = [*prompt, *chosen]
    return examples


def describe_device() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    main()
