"""What both trainers learn from: real talks of training/starter, as token ids, so that both see exactly the same.

A rated conversation has eight turns of the user, each answered twice: as written (chosen), and with an answer from
another talk (rejected). A single pair has a prompt of about 350 tokens.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from chat.prompting import PROMPTS_FOLDER
from mymary_site.env import REPOSITORY
from training.finetune.batches import Tree
from training.finetune.forest import TokenPath
from training.finetune.records import Conversation, Pair, Turn, read_conversations
from training.finetune.templates import PersonaTemplate, list_answers
from training.finetune.tokens import AnswerTokenizer

CHARACTER: Final = "mary"
TALKS: Final = REPOSITORY / "training" / "starter" / "data" / CHARACTER / "train.jsonl"
TURNS: Final = 8
PROMPT_TOKENS: Final = 350
LONGEST: Final = 4096


@dataclass(frozen=True)
class Example:
    """One pair, or one answer to imitate (`rejected` empty)."""

    conversation: str
    prompt: list[int]
    chosen: list[int]
    rejected: list[int]


def build_template() -> PersonaTemplate:
    return PersonaTemplate({CHARACTER: PROMPTS_FOLDER / f"{CHARACTER}.md"})


def list_rated_talks(number: int, *, turns: int = TURNS) -> Iterator[Conversation]:
    """Two talks of one character joined where one is too short, as a room that goes on the next day."""
    talks = [talk for talk in read_conversations(TALKS) if sum(turn.role == "user" for turn in talk.turns) >= turns / 2]
    answers = [turn.text for talk in talks for turn in talk.turns[1:] if turn.role == "bot"]
    chance = random.Random(20261121)
    for first, second in list(pairwise(talks))[: 2 * number : 2]:
        joined = [*first.turns, *second.turns[1:]][: 2 * turns + 1]
        rated = [
            Turn(turn.role, turn.text, (Pair(turn.text, draw_other(chance, answers, turn.text)),))
            if turn.role == "bot"
            else turn
            for turn in joined
        ]
        yield Conversation(f"{first.id}+{second.id}", CHARACTER, tuple(rated))


def draw_other(chance: random.Random, answers: list[str], than: str) -> str:
    while (answer := chance.choice(answers)) == than:
        continue
    return answer


def list_pairs(conversations: Iterator[Conversation], tokenizer: Any) -> Iterator[Example]:
    encoder, template = AnswerTokenizer(tokenizer, LONGEST), build_template()
    for conversation in conversations:
        for index in list_answers(conversation.turns, last_only=False):
            for pair in conversation.turns[index].pairs:
                chosen, rejected = (
                    encoder.encode(template.render(conversation, index, text), conversation.id)
                    for text in (pair.chosen, pair.rejected)
                )
                yield make_example(conversation.id, chosen, rejected)


def make_example(conversation_id: str, chosen: TokenPath, rejected: TokenPath) -> Example:
    """Both are cut where the answers begin; ids before that are equal."""
    border = min(chosen.scored[0], rejected.scored[0])
    return Example(conversation_id, list(chosen.ids[:border]), list(chosen.ids[border:]), list(rejected.ids[border:]))


def list_single_pairs(number: int, tokenizer: Any) -> list[Example]:
    """Of each talk the one pair whose prompt is nearest to 350 tokens."""
    by_talk = group_by_talk(list_pairs(list_rated_talks(2 * number), tokenizer))
    nearest = [min(row, key=lambda example: abs(len(example.prompt) - PROMPT_TOKENS)) for row in by_talk.values()]
    return nearest[:number]


def list_talks_to_imitate(number: int, tokenizer: Any) -> Iterator[Example]:
    """Every answer of the first talks as they are, one example each: (prompt, answer, nothing)."""
    encoder, template = AnswerTokenizer(tokenizer, LONGEST), build_template()
    talks = [talk for talk in read_conversations(TALKS) if len(talk.turns) >= TURNS]
    for conversation in talks[:number]:
        for index in list_answers(conversation.turns, last_only=False):
            rendered = template.render(conversation, index, conversation.turns[index].text)
            path = encoder.encode(rendered, conversation.id)
            border = path.scored[0]
            yield Example(conversation.id, list(path.ids[:border]), list(path.ids[border:]), [])


def build_trees(examples: list[Example]) -> list[Tree]:
    """One tree a conversation, in the order of the examples."""
    return [_build_tree(name, rows) for name, rows in group_by_talk(examples).items()]


def group_by_talk(examples: Iterable[Example]) -> dict[str, list[Example]]:
    """In the order of the examples."""
    by_talk: dict[str, list[Example]] = {}
    for example in examples:
        by_talk.setdefault(example.conversation, []).append(example)
    return by_talk


def _build_tree(name: str, rows: list[Example]) -> Tree:
    answers = [(row.prompt, ids) for row in rows for ids in (row.chosen, row.rejected) if ids]
    paths = tuple(
        TokenPath((*prompt, *ids), tuple(range(len(prompt), len(prompt) + len(ids)))) for prompt, ids in answers
    )
    pairs = sum(bool(row.rejected) for row in rows)
    return Tree(name, paths, (1.0,) * len(paths), (1.0,) * pairs)


def describe(examples: list[Example]) -> dict[str, Any]:
    return {
        "conversations": len({example.conversation for example in examples}),
        "examples": len(examples),
        "prompt_tokens_mean": round(sum(len(example.prompt) for example in examples) / len(examples)),
        "answer_tokens_mean": round(sum(len(example.chosen) for example in examples) / len(examples)),
    }


def dump(examples: list[Example]) -> list[dict[str, Any]]:
    return [asdict(example) for example in examples]


def load(rows: list[dict[str, Any]]) -> list[Example]:
    return [Example(**row) for row in rows]


def save_unpacked_base(packaged: Path, folder: Path) -> Path:
    """The packaged lm as a folder of safetensors, which both trainers load."""
    import torch

    from training.finetune.config import parse_config
    from training.finetune.lm import load_base, load_tokenizer

    if not (folder / "model.safetensors").exists():
        lm = load_base(parse_config({"base": str(packaged), "dtype": "float32"}), "cpu").to(torch.float32)
        lm.save_pretrained(folder, safe_serialization=True)
        load_tokenizer(str(packaged)).save_pretrained(folder)
    return folder
