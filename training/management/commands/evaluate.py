"""`manage.py evaluate`: an adapter beside the bare base on held-out talks."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.inference.protocol import EngineError
from chat.inference.voice import Voice
from chat.inference.writing import read_voice
from chat.management.commands.seed import read_character_seeds
from chat.models import Character
from training.management.packages import require_training_packages


class Command(BaseCommand):
    help = (
        "Measure an adapter and the bare base on held-out talks: perplexity and preference accuracy, and replies "
        "sampled as served: form, BLEU, ROUGE-L. Without --heldout, the run's own held-out conversations are taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("adapter", type=Path, help="a run folder, or a published adapter")
        parser.add_argument("--character", required=True, help="key of a seeded character, whose voice it gets")
        parser.add_argument("--heldout", type=Path, help="conversations in our format")
        parser.add_argument("--base", help="where the base is now (default: the packaged lm, or where the run had it)")
        parser.add_argument("--replies", type=int, default=0, help="how many to sample (default: one for each answer)")
        parser.add_argument("--no-replies", action="store_true", help="likelihood only")
        parser.add_argument("--out", type=Path, help="write figures and all replies as JSON")

    def handle(self, *args: Any, adapter: Path, character: str, **options: Any) -> None:
        require_training_packages()
        from training.evaluation.comparison import compare
        from training.finetune.config import ConfigError
        from training.finetune.export import ExportRefused
        from training.finetune.lm import WeightsError
        from training.finetune.records import RecordError

        try:
            figures = compare(
                adapter,
                read_seeded_voice(character),
                character,
                heldout=options["heldout"] or adapter / "data" / "heldout.jsonl",
                base=options["base"],
                number=None if options["no_replies"] else options["replies"],
                models_folder=settings.MARY_MODELS_FOLDER,
                context_tokens=settings.MARY_CONTEXT_TOKENS,
            )
        except (ConfigError, EngineError, ExportRefused, RecordError, WeightsError, FileNotFoundError) as error:
            raise CommandError(str(error)) from error
        for side, row in figures.items():
            shown = {key: value for key, value in row.items() if key != "replies"}
            self.stdout.write(f"{side}: {json.dumps(shown, ensure_ascii=False, indent=1)}")
        if options["out"]:
            options["out"].write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_seeded_voice(key: str) -> Voice:
    """Raises CommandError for a character that is none of the seeds."""
    seeds = {seed["key"]: seed for seed in read_character_seeds()}
    if key not in seeds:
        known = ", ".join(seeds)
        raise CommandError(
            f"{key} 라는 캐릭터가 없습니다. 있는 것: {known}\nThere is no character {key}; there are {known}."
        )
    return read_voice(Character(**seeds[key]), "")
