"""Alpaca: instruction, input, output; since LLaMA-Factory also system and history, a list of [question, answer]."""

from __future__ import annotations

from collections.abc import Iterator

from training.datasets.assembly import (
    Fields,
    Origin,
    Said,
    assemble_conversation,
    take_list,
    take_optional_text,
    take_text,
)
from training.finetune.records import Conversation, RecordError


def fits(fields: Fields) -> bool:
    is_mymary = "type" in fields and "input" not in fields and "history" not in fields
    return "instruction" in fields and "output" in fields and not is_mymary


def load(fields: Fields, origin: Origin) -> Conversation:
    where = origin.where
    history = take_list(fields.get("history") or [], "history", where)
    said = [part for exchange in history for part in _read_exchange(exchange, where)]
    question = take_text(fields.get("instruction"), "instruction", where)
    if more := take_optional_text(fields.get("input"), "input", where):
        question = f"{question}\n{more}"
    said += [("user", question), ("bot", take_text(fields.get("output"), "output", where))]
    system = take_optional_text(fields.get("system"), "system", where)
    return assemble_conversation(fields, origin, said, system=system)


def _read_exchange(exchange: object, where: str) -> list[Said]:
    parts = take_list(exchange, "an exchange of history", where)
    if len(parts) != 2:
        raise RecordError("not_a_conversation", where, f"an exchange of history has {len(parts)} parts, not 2")
    question, answer = (take_text(part, "a text of history", where) for part in parts)
    return [("user", question), ("bot", answer)]


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    if conversation.turns[0].role == "bot":
        raise RecordError("no_counterpart", where, "the bot opens the talk, and an Alpaca record has no place for it")
    texts = [turn.text for turn in conversation.turns]
    yield {
        "id": conversation.id,
        "instruction": texts[-2],
        "input": "",
        "output": texts[-1],
        "system": conversation.system,
        "history": [[texts[index], texts[index + 1]] for index in range(0, len(texts) - 2, 2)],
    }
