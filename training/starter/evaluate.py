"""`python -m training.starter.evaluate`: the adapters beside the bare base on held-out talks, both sampled as served.

The bare base gets its examples, as the product runs it without an adapter; the character's grammar binds both. Held-out
replies are asked for in the order of the files, until `--replies` of a character are reached; where there are fewer,
talks repeat with other random numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.protocol import Delta, GenerationRequest
from chat.prompting import PROMPTS_FOLDER, Persona, Sampling, Turn, load_persona, render_prompt, tune_persona
from chat.tone.reply_filters import ReplyFilters
from chat.understanding.crisis_card import allowed_numbers
from training.finetune.records import Conversation, read_conversations
from training.finetune.templates import list_answers
from training.starter.quality import find_shared_phrases, list_form_faults

logger = logging.getLogger(__name__)

HERE: Final = Path(__file__).parent
SEEDS: Final = Path(__file__).parents[2] / "chat" / "seeds" / "characters.toml"
BUDGET_TOKENS: Final = 3072
CONTEXT_TOKENS: Final = 4096
SLOTS: Final = 4


@dataclass(frozen=True)
class Asked:
    conversation: Conversation
    index: int

    @property
    def turns(self) -> list[Turn]:
        return [Turn(turn.role, turn.text) for turn in self.conversation.turns[: self.index]]


def list_questions(file: Path, number: int) -> Iterator[Asked]:
    questions = [
        Asked(conversation, index)
        for conversation in read_conversations(file)
        for index in list_answers(conversation.turns, last_only=False)
    ]
    for place in range(number):
        yield questions[place % len(questions)]


async def ask(engine: LlamaCppEngine, seed: dict[str, Any], persona: Persona, asked: Asked, adapter: str) -> str:
    prompt = await asyncio.to_thread(
        render_prompt, persona, asked.turns, budget_tokens=BUDGET_TOKENS, count_tokens=engine.count_tokens
    )
    prompt = replace(prompt, stop=(*prompt.stop, *seed["stop_strings"]))
    filters = ReplyFilters(closing_phrase=seed["closing_phrase"], allowed_numbers=allowed_numbers())
    request = GenerationRequest("evaluate", prompt, Sampling(**seed["sampling"]), adapter)
    text = ""
    async for piece in engine.generate(request):
        if isinstance(piece, Delta):
            text += filters.feed(piece.text)
    return text + filters.flush()


async def answer_all(engine: LlamaCppEngine, seed: dict[str, Any], adapter: str, questions: list[Asked]) -> list[str]:
    persona = load_persona(PROMPTS_FOLDER / seed["persona_file"])
    if adapter:
        persona = tune_persona(persona)
    free = asyncio.Semaphore(SLOTS)

    async def one(asked: Asked) -> str:
        async with free:
            return await ask(engine, seed, persona, asked, adapter)

    return list(await asyncio.gather(*(one(asked) for asked in questions)))


def judge(character: str, replies: list[str]) -> dict[str, Any]:
    faults = [list(list_form_faults(character, reply)) for reply in replies]
    counted = Counter(fault for row in faults for fault in row)
    return {
        "replies": len(replies),
        "form_right": sum(not row for row in faults),
        "faults": dict(counted.most_common()),
        "different": len(set(replies)),
        "share_eight_words": len({i for i, _, _ in find_shared_phrases([(str(n), r) for n, r in enumerate(replies)])}),
    }


async def evaluate(arguments: argparse.Namespace) -> dict[str, Any]:
    seeds = {seed["key"]: seed for seed in tomllib.loads(SEEDS.read_text(encoding="utf-8"))["character"]}
    engine = LlamaCppEngine(
        lm_path=arguments.base,
        models_folder=arguments.models,
        adapters_folder=arguments.adapters,
        slots=SLOTS,
        context_tokens=CONTEXT_TOKENS,
    )
    await engine.start()
    named = {name.partition("@")[0]: name for name in engine.adapters}
    if missing := sorted(set(arguments.characters) - named.keys()):
        raise SystemExit(f"no adapter for {', '.join(missing)}: train it first, python -m training.starter.build")
    results: dict[str, Any] = {}
    for character in arguments.characters:
        questions = list(list_questions(HERE / "data" / character / "heldout.jsonl", arguments.replies))
        results[character] = {"talks": [[turn.text for turn in asked.turns] for asked in questions]}
        for side, adapter in (("base", ""), ("adapter", named[character])):
            replies = await answer_all(engine, seeds[character], adapter, questions)
            results[character][side] = {**judge(character, replies), "texts": replies}
            figures = {name: value for name, value in results[character][side].items() if name != "texts"}
            logger.info("%s, %s: %s", character, side, figures)
    await engine.close()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.starter.evaluate", description=__doc__)
    parser.add_argument(
        "adapters", type=Path, nargs="?", default=HERE / "adapters", help="a folder with one folder an adapter"
    )
    parser.add_argument("--base", type=Path, help="a .gguf file; the packaged one by default")
    parser.add_argument(
        "--models", type=Path, default=Path("var/models"), help="where the packaged base is put together"
    )
    parser.add_argument("--replies", type=int, default=50, help="of each character")
    parser.add_argument("--characters", nargs="+", default=["mary", "mentos", "expert", "futfut"])
    parser.add_argument("--out", type=Path, help="write everything as JSON")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    results = asyncio.run(evaluate(arguments))
    if arguments.out:
        arguments.out.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
