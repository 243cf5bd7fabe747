"""`python -m training.starter.build`: trains the starter adapters from data/ beside it and puts them into adapters/.

Run folders stay below --runs; killed, the same command goes on where it was. The base is the packaged lm, dequantised.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from chat.inference.digest import sha256_of
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.prompting import PROMPTS_FOLDER
from training.finetune.__main__ import log_to
from training.finetune.export import export_gguf
from training.finetune.run import train
from training.finetune.run_folder import write_folder_atomically, write_json

HERE: Final = Path(__file__).parent
CHARACTERS: Final = ("mary", "mentos", "expert", "futfut")
LORA: Final = {"rank": 8, "alpha": 16, "dropout": 0.0}
COMMON: Final = {
    "lora": LORA,
    "dtype": "bfloat16",
    "max_tokens": 768,
    "row_tokens": 1536,
    "trees_per_step": 8,
    "schedule": "cosine",
    "checkpoint_steps": 10,
    "evaluate_steps": 50,
}
SFT: Final = {**COMMON, "method": "sft", "epochs": 3, "learning_rate": 5e-4, "warmup": 0.05}
DPO: Final = {
    **COMMON,
    "method": "dpo",
    "epochs": 1,
    "learning_rate": 2e-5,
    "warmup": 0.1,
    "beta": 0.1,
    "sft_weight": 0.2,
}
PAIRS_NEEDED: Final = 100
"""Fewer pairs than this teach a taste for their own words, not a preference."""


def build(character: str, runs: Path, base: Path) -> None:
    last = run(character, "sft", SFT, runs, base)
    if count_pairs(HERE / "data" / character / "train.jsonl") >= PAIRS_NEEDED:
        last = run(character, "dpo", {**DPO, "parent_adapter": str(last / "adapter")}, runs, base)
    publish(character, last)


def run(character: str, name: str, settings: dict[str, Any], runs: Path, base: Path) -> Path:
    folder = runs / f"{character}-{name}"
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for split in ("train", "heldout"):
        shutil.copy(HERE / "data" / character / f"{split}.jsonl", data)
    persona = os.path.relpath(PROMPTS_FOLDER / f"{character}.md")
    template = {"kind": "persona", "personas": {character: persona}}
    config = {"base": os.path.relpath(base), "template": template, **settings}
    write_json(folder / "config.json", config)
    log_to(folder)
    train(folder)
    return folder


def count_pairs(file: Path) -> int:
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return sum(len(turn.get("pairs", ())) for line in lines for turn in line["turns"])


def publish(character: str, folder: Path) -> None:
    """Adapter in both formats, with everything that says how it was made."""
    manifest = json.loads((folder / "manifest.json").read_text())

    def fill(target: Path) -> None:
        for name in (
            "adapter/adapter_model.safetensors",
            "adapter/adapter_config.json",
            "config.json",
            "metrics.jsonl",
            "run.log",
        ):
            shutil.copy(folder / name, target)
        export_gguf(folder / "adapter", manifest, target / "adapter.gguf")
        command = f"python -m training.starter.build {character}"
        write_json(
            target / "manifest.json",
            {**manifest, "gguf_digest": sha256_of(target / "adapter.gguf"), "command": command},
        )

    write_folder_atomically(HERE / "adapters" / character, fill)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.starter.build", description=__doc__)
    parser.add_argument(
        "characters", nargs="*", metavar="CHARACTER", help=f"of {', '.join(CHARACTERS)}; all by default"
    )
    parser.add_argument("--runs", type=Path, default=Path("var/training"), help="run folders (default %(default)s)")
    parser.add_argument(
        "--models", type=Path, default=Path("var/models"), help="where the packaged base is put together"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.characters) - set(CHARACTERS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    base = get_packaged_lm(arguments.models)
    for character in arguments.characters or CHARACTERS:
        build(character, arguments.runs, base)


if __name__ == "__main__":
    main()
