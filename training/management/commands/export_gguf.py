"""`manage.py export_gguf`: a finished run as a folder that the inference worker loads beside its base."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.inference.digest import DIGEST_CHARACTERS
from training.management.packages import require_training_packages


class Command(BaseCommand):
    help = (
        "Write a finished run's adapter as GGUF, with its safetensors, manifest and log, into a folder of its own. "
        "Gemma 1 to 3, Qwen 2 and 3, Llama and Mistral; others are refused, because their layout changes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run_folder", type=Path)
        parser.add_argument("name", help="what the adapter is called; the worker calls it name@digest")
        parser.add_argument(
            "--folder",
            type=Path,
            default=settings.MARY_ADAPTERS_FOLDER,
            help="where adapters lie (default: MARY_ADAPTERS_FOLDER, %(default)s)",
        )

    def handle(self, *args: Any, run_folder: Path, name: str, folder: Path, **options: Any) -> None:
        require_training_packages()
        from training.finetune.export import ExportRefused
        from training.finetune.publication import publish

        target = folder / name
        if target.exists():
            raise CommandError(
                f"{target} 이(가) 이미 있습니다. 어댑터는 바뀌지 않으니 새 이름을 주세요.\n"
                f"{target} is there already: an adapter never changes, so give a new name."
            )
        try:
            manifest = publish(run_folder, target, f"manage.py finetune {run_folder.name}")
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{name}@{manifest['gguf_digest'][:DIGEST_CHARACTERS]}")
