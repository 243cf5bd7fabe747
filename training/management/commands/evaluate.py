"""`manage.py evaluate`: an adapter beside the bare base on held-out talks."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from chat.inference.digest import sha256_of
from chat.inference.engine import build_engine
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.inference.protocol import EngineError
from chat.inference.voice import Voice
from chat.inference.writing import read_voice
from chat.management.commands.seed import read_character_seeds
from chat.models import Character
from training.evaluation.forms import list_form_faults
from training.evaluation.likelihood import measure_likelihood
from training.evaluation.served import Question, answer_all, list_questions
from training.evaluation.texts import measure_closeness
from training.finetune.config import ConfigError, parse_config
from training.finetune.export import ExportRefused
from training.finetune.lm import WeightsError, find_base
from training.finetune.publication import find_weights, publish
from training.finetune.records import RecordError, read_conversations

SLOTS = 4


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
        try:
            figures = evaluate(
                adapter,
                read_seeded_voice(character),
                character,
                heldout=options["heldout"] or adapter / "data" / "heldout.jsonl",
                base=options["base"],
                number=None if options["no_replies"] else options["replies"],
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


def evaluate(
    adapter: Path, voice: Voice, character: str, *, heldout: Path, base: str | None, number: int | None
) -> dict[str, dict[str, Any]]:
    """Figures of `base` and `adapter`. `number` of replies: 0 for one an answer, None for none at all."""
    place, manifest = find_weights(adapter)
    base_file = find_base_file(manifest, base)
    settings_of_run = {**manifest["config"], "preset": "", "parent_adapter": "", "base": str(base_file)}
    with show_progress("likelihood") as report:
        found = measure_likelihood(parse_config(settings_of_run), place, heldout, report)
    figures: dict[str, dict[str, Any]] = {side: asdict(value) for side, value in found.items()}
    if number is None:
        return figures
    if base_file.suffix != ".gguf":
        raise WeightsError(f"{base_file} is no .gguf file, so no reply can be sampled as served: add --no-replies")
    questions = list(list_questions(list(read_conversations(heldout)), number))
    with tempfile.TemporaryDirectory() as trial:
        publish_or_copy(adapter, Path(trial, character))
        replies = asyncio.run(sample(base_file, Path(trial), voice, questions))
    for side, texts in replies.items():
        figures[side] |= judge(character, texts, questions)
    return figures


def find_base_file(manifest: dict[str, Any], named: str | None) -> Path:
    """The named one, the packaged lm where the adapter was made for it, or where the run had its base."""
    if named:
        return find_base(named)
    packaged = get_packaged_lm(settings.MARY_MODELS_FOLDER)
    return packaged if sha256_of(packaged) == manifest["base_digest"] else find_base(manifest["config"]["base"])


def publish_or_copy(adapter: Path, target: Path) -> None:
    if (adapter / "adapter.gguf").is_file():
        shutil.copytree(adapter, target)
    else:
        publish(adapter, target, "")


async def sample(base: Path, adapters: Path, voice: Voice, questions: list[Question]) -> dict[str, list[str]]:
    """Replies of the bare lm, and of its one adapter."""
    engine = build_engine(
        "llamacpp",
        lm_path=base,
        models_folder=settings.MARY_MODELS_FOLDER,
        adapters_folder=adapters,
        slots=SLOTS,
        context_tokens=settings.MARY_CONTEXT_TOKENS,
    )
    await engine.start()
    try:
        replies = {}
        for side, adapter in (("base", ""), ("adapter", next(iter(engine.adapters)))):
            with show_progress(f"replies, {side}") as report:
                spoken = replace(voice, adapter=adapter)
                replies[side] = await answer_all(engine, spoken, questions, lambda done: report(done, len(questions)))
        return replies
    finally:
        await engine.close()


def judge(character: str, replies: list[str], questions: list[Question]) -> dict[str, Any]:
    faults = [list(list_form_faults(character, reply)) for reply in replies]
    closeness = measure_closeness(replies, [question.reference for question in questions])
    return {
        "replies_sampled": len(replies),
        "form_right": round(sum(not row for row in faults) / len(replies), 4),
        "faults": dict(Counter(fault for row in faults for fault in row).most_common()),
        "different": len(set(replies)),
        **asdict(closeness),
        "replies": [
            {
                "talk": [turn.text for turn in question.turns],
                "written": question.reference,
                "reply": reply,
                "faults": row,
            }
            for question, reply, row in zip(questions, replies, faults, strict=True)
        ],
    }


@contextmanager
def show_progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with rate and time left; nothing where nobody sees it."""
    with tqdm(desc=name, disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:

        def report(done: int, in_all: int) -> None:
            bar.total = in_all
            bar.update(done - bar.n)

        yield report
