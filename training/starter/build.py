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

from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.prompting import PROMPTS_FOLDER
from training.finetune.__main__ import log_to
from training.finetune.progress import ProgressBar
from training.finetune.publication import publish
from training.finetune.run import train
from training.finetune.run_folder import write_json

HERE: Final = Path(__file__).parent
CHARACTERS: Final = ("mary", "mentos", "expert", "futfut")
EPOCHS: Final = {"expert": 3}
"""Where the preset's two are too few: a hundred talks. With more than two hundred, a third only learns by heart."""
PAIRS_NEEDED: Final = 60
"""Fewer pairs than this teach a taste for their own words, not a preference."""


def build(character: str, runs: Path, base: Path) -> None:
    epochs = {"epochs": EPOCHS[character]} if character in EPOCHS else {}
    last = run(character, "sft", epochs, runs, base)
    if count_pairs(HERE / "data" / character / "train.jsonl") >= PAIRS_NEEDED:
        last = run(character, "dpo", {"parent_adapter": str(last / "adapter")}, runs, base)
    publish(last, HERE / "adapters" / character, f"python -m training.starter.build {character}")


def run(character: str, method: str, settings: dict[str, Any], runs: Path, base: Path) -> Path:
    folder = runs / f"{character}-{method}"
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for split in ("train", "heldout"):
        shutil.copy(HERE / "data" / character / f"{split}.jsonl", data)
    persona = os.path.relpath(PROMPTS_FOLDER / f"{character}.md")
    template = {"kind": "persona", "personas": {character: persona}}
    config = {"preset": f"starter-{method}", "base": os.path.relpath(base), "template": template, **settings}
    write_json(folder / "config.json", config)
    log_to(folder)
    with ProgressBar(is_shown=True) as bar:
        train(folder, report=bar.show)
    return folder


def count_pairs(file: Path) -> int:
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return sum(len(turn.get("pairs", ())) for line in lines for turn in line["turns"])


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
