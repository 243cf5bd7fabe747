"""`python -m training.starter.answers`: what the shipped adapters answer to the gate's fixed sets → answers/ beside it.

To be run again when a persona, a set of cases, an adapter or the engine's version changes; a test says when.
"""

from __future__ import annotations

import argparse
import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from chat.inference.digest import sha256_of
from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.inference.voice import Voice
from chat.prompting import PROMPTS_FOLDER, Sampling, load_persona
from training.evaluation.served import Question, answer_all
from training.gate.case_sets import load_cases
from training.gate.folder import GateSettings
from training.gate.known_answers import SHIPPED, KnownAnswers
from training.gate.speak import FIXED, FREE, prepare_voice

ADAPTERS: Final = Path(__file__).parent / "adapters"
SEEDS: Final = PROMPTS_FOLDER.parent / "seeds" / "characters.toml"


def list_voices() -> Iterator[Voice]:
    """Of every seeded character that has an adapter."""
    for seed in tomllib.loads(SEEDS.read_text(encoding="utf-8"))["character"]:
        if seed["adapter"]:
            yield build_voice(seed)


def build_voice(seed: dict[str, Any]) -> Voice:
    sampling = Sampling(**seed["sampling"])
    persona = load_persona(PROMPTS_FOLDER / seed["persona_file"])
    return Voice(persona, sampling, tuple(seed["stop_strings"]), seed["closing_phrase"], seed["adapter"])


def list_asked() -> Iterator[tuple[str, tuple[Question, ...]]]:
    """The fixed sets by topic, whole."""
    for name in (*FIXED, FREE):
        cases = load_cases("smoke" if name == FREE else name)
        yield name, tuple(Question(case.turns, "", case.id) for case in cases)


async def answer_everything(engine: LlamaCppEngine, known: KnownAnswers) -> None:
    await engine.start()
    try:
        for voice in list_voices():
            for name, questions in list_asked():
                spoken = prepare_voice(voice, name)
                if known.find(spoken, questions) is None:
                    known.keep(spoken, questions, await answer_all(engine, spoken, questions, lambda done: None))
    finally:
        await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.starter.answers", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"), help="where the packaged base is")
    base = get_packaged_lm(parser.parse_args().models)
    engine = LlamaCppEngine(
        lm_path=base,
        models_folder=base.parent,
        adapters_folder=ADAPTERS,
        slots=GateSettings.slots,
        context_tokens=GateSettings.context_tokens,
    )
    asyncio.run(answer_everything(engine, KnownAnswers(SHIPPED, sha256_of(base))))


if __name__ == "__main__":
    main()
