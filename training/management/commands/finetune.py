"""`manage.py finetune`: set up a run folder if it is new, then train in it, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.inference.engines.packaged_lm import get_packaged_lm
from training.finetune.config import ConfigError, parse_config
from training.finetune.presets import PRESETS
from training.finetune.records import RecordError, read_conversations
from training.finetune.run_folder import write_json
from training.management.packages import require_training_packages

HELD_OUT_SHARE: Final = 10
EPILOG: Final = """Without --data the run folder is taken as it is, so the same command goes on after a stop. Exit codes
are those of `python -m training.finetune`: 0 whole, 1 unexpected, 2 refused, 3 cancelled, 4 collapsed, 5 diverged."""


class Command(BaseCommand):
    help = "Train an adapter: SFT or DPO on conversations, with LoRA. Ctrl-C stops it, the same command goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = EPILOG
        parser.add_argument("run_folder", type=Path, help="takes everything the run makes; see docs/training.md")
        parser.add_argument("--preset", choices=sorted(PRESETS), help="settings by name; docs/training.md lists them")
        parser.add_argument("--data", type=Path, help="conversations in our format, see docs/datasets.md")
        parser.add_argument(
            "--heldout", type=Path, help="conversations to evaluate with; by default one in ten of --data, by its id"
        )
        parser.add_argument(
            "--base", help="folder, Hugging Face id or .gguf (default: the preset's, else the packaged lm)"
        )
        parser.add_argument(
            "--persona", action="append", default=[], metavar="KEY=FILE", help="a character's persona file; repeat it"
        )
        parser.add_argument("--parent", type=Path, help="adapter folder to go on from; DPO compares with it")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=JSON", dest="changes", help="any setting of config.json"
        )

    def handle(self, *args: Any, run_folder: Path, **options: Any) -> None:
        require_training_packages()
        try:
            if options["data"] is not None:
                self._set_up(run_folder, **options)
            elif not (run_folder / "config.json").is_file():
                raise CommandError(
                    f"{run_folder} 에 config.json 이 없습니다. 새 훈련이라면 --preset 과 --data 를 함께 주세요.\n"
                    f"{run_folder} has no config.json. For a new run, give --preset and --data."
                )
        except (ConfigError, RecordError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        finished = run_trainer(run_folder)
        if finished:
            raise CommandError(
                f"훈련이 끝까지 가지 못했습니다. 까닭은 {run_folder}/run.log 에 있습니다.\n"
                f"The run did not come to its end; {run_folder}/run.log says why.",
                returncode=finished,
            )

    def _set_up(self, run_folder: Path, **options: Any) -> None:
        if (run_folder / "inputs.json").exists():
            raise CommandError(
                f"{run_folder} 에서는 이미 훈련이 시작되었습니다. --data 없이 다시 부르면 이어서 합니다.\n"
                f"A run has begun in {run_folder} already. Without --data the same command goes on."
            )
        config: dict[str, Any] = {"preset": options["preset"]} if options["preset"] else {}
        preset = PRESETS.get(options["preset"] or "", {})
        config["base"] = options["base"] or preset.get("base") or str(get_packaged_lm(settings.MARY_MODELS_FOLDER))
        if options["persona"]:
            config["template"] = {"kind": "persona", "personas": dict(_split(text) for text in options["persona"])}
        if options["parent"]:
            config["parent_adapter"] = str(options["parent"])
        for text in options["changes"]:
            name, value = _split(text)
            try:
                config[name] = json.loads(value)
            except ValueError:
                config[name] = value
        parse_config(config)
        (run_folder / "data").mkdir(parents=True, exist_ok=True)
        if options["heldout"]:
            shutil.copy(options["data"], run_folder / "data" / "train.jsonl")
            shutil.copy(options["heldout"], run_folder / "data" / "heldout.jsonl")
        else:
            split_by_id(options["data"], run_folder / "data")
        write_json(run_folder / "config.json", config)


def _split(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigError(f"{text!r}: NAME=VALUE is expected")
    return name, value


def split_by_id(data: Path, folder: Path) -> None:
    """One conversation in ten to heldout.jsonl, by the digest of its id: nobody chooses which. Raises RecordError."""
    held_out = 0
    with (folder / "train.jsonl").open("w") as train, (folder / "heldout.jsonl").open("w") as heldout:
        for line, conversation_id in _list_lines(data):
            talk = conversation_id.partition("/")[0]  # parts of one talk, x/1 and x/2, stay on one side
            is_held_out = int(hashlib.sha256(talk.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0
            (heldout if is_held_out else train).write(line)
            held_out += is_held_out
    if not held_out:
        (folder / "heldout.jsonl").unlink()


def _list_lines(data: Path) -> Iterator[tuple[str, str]]:
    conversations = read_conversations(data)
    with data.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield line if line.endswith("\n") else f"{line}\n", next(conversations).id
    next(conversations, None)  # an empty file is refused at its end


def run_trainer(run_folder: Path) -> int:
    """In the foreground: Ctrl-C reaches the trainer, which stops by itself; SIGTERM is passed on to it."""
    command = [sys.executable, "-m", "training.finetune", str(run_folder)]
    environment = {**os.environ, "PYTHONPATH": str(settings.REPOSITORY)}
    with subprocess.Popen(command, env=environment) as process:  # noqa: S603
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue
        finally:
            signal.signal(signal.SIGTERM, before)
