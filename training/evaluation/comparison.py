"""An adapter beside its bare base on held-out talks: likelihood, and replies as they are served."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from chat.inference.digest import sha256_of
from chat.inference.engine import Engine
from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.inference.voice import Voice
from training.evaluation.forms import list_form_faults
from training.evaluation.likelihood import measure_likelihood
from training.evaluation.served import Question, answer_all, list_questions
from training.evaluation.texts import measure_closeness
from training.finetune.config import parse_config
from training.finetune.lm import WeightsError, compute_base_digest, find_base
from training.finetune.publication import copy_or_publish, find_weights
from training.finetune.records import read_conversations

SLOTS: Final = 4


def compare(
    adapter: Path,
    voice: Voice,
    character: str,
    *,
    heldout: Path,
    base: str | None,
    number: int | None,
    models_folder: Path,
    context_tokens: int,
) -> dict[str, dict[str, Any]]:
    """Figures of `base` and `adapter`. `number` of replies: 0 for one an answer, None for none at all.

    Raises ConfigError, EngineError, ExportRefused, RecordError, WeightsError, FileNotFoundError.
    """
    place, manifest = find_weights(adapter)
    base_file = find_base_file(manifest, base, models_folder)
    if (digest := compute_base_digest(str(base_file))) != manifest["base_digest"]:
        raise WeightsError(f"{adapter} was made for base {manifest['base_digest'][:12]}, this one is {digest[:12]}")
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
        copy_or_publish(adapter, Path(trial, character))
        engine = LlamaCppEngine(
            lm_path=base_file,
            models_folder=models_folder,
            adapters_folder=Path(trial),
            slots=SLOTS,
            context_tokens=context_tokens,
        )
        replies = asyncio.run(sample(engine, voice, questions))
    for side, texts in replies.items():
        figures[side] |= judge(character, texts, questions)
    return figures


def find_base_file(manifest: dict[str, Any], named: str | None, models_folder: Path) -> Path:
    """The named one, the packaged lm where the adapter was made for it, or where the run had its base."""
    if named:
        return find_base(named)
    packaged = get_packaged_lm(models_folder)
    return packaged if sha256_of(packaged) == manifest["base_digest"] else find_base(manifest["config"]["base"])


async def sample(engine: Engine, voice: Voice, questions: list[Question]) -> dict[str, list[str]]:
    """Replies of the bare lm, and of the engine's one adapter."""
    await engine.start()
    try:
        replies = {}
        for side, adapter in (("base", ""), ("adapter", next(iter(engine.adapters)))):
            with show_progress(f"replies, {side}") as report:
                spoken = replace(voice, adapter=adapter)
                answers = await answer_all(engine, spoken, questions, lambda done: report(done, len(questions)))
            replies[side] = [answer.text for answer in answers]
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
