"""`manage.py merge_adapter`: an adapter folded into its base."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.management.packages import require_training_packages


class Command(BaseCommand):
    help = (
        "Fold an adapter into its base: 16-bit safetensors with the tokenizer, for any server that loads such a folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("adapter", type=Path, help="a run folder, or a published adapter")
        parser.add_argument("target", type=Path, help="folder to write; it must not be there yet")
        parser.add_argument("--base", help="where the base is now (default: where it was when the run was made)")
        parser.add_argument("--dtype", choices=("float16", "bfloat16"), default="bfloat16", help="default %(default)s")

    def handle(self, *args: Any, adapter: Path, target: Path, base: str | None, dtype: str, **options: Any) -> None:
        require_training_packages()
        from training.finetune.config import ConfigError, parse_config
        from training.finetune.export import ExportRefused
        from training.finetune.lm import WeightsError
        from training.finetune.merge import merge_adapter
        from training.finetune.publication import find_weights

        if target.exists():
            raise CommandError(
                f"{target} 이(가) 이미 있습니다. 다른 이름을 주세요.\n{target} is there already: give another name."
            )
        try:
            place, manifest = find_weights(adapter)
            config = parse_config({"base": base or manifest["config"]["base"], "dtype": dtype})
            self.stderr.write("불러와서 합치는 중… / loading and merging …")
            merge_adapter(config, place, manifest, target, shows_progress=sys.stderr.isatty())
        except (ConfigError, ExportRefused, WeightsError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{target}")
