"""ShareGPT: conversations of {from, value}; with `chosen` and `rejected` beside them, LLaMA-Factory's preferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.datasets.assembly import Fields, Origin, Said, assemble_conversation, take_optional_text
from training.datasets.messages import SHAREGPT
from training.finetune.records import Conversation, RecordError


def fits(fields: Fields) -> bool:
    return isinstance(fields.get("conversations"), list)


def load(fields: Fields, origin: Origin) -> Conversation:
    where = origin.where
    system, said = SHAREGPT.read(fields.get("conversations"), "conversations", where)
    rejected = None
    if fields.get("chosen") is not None or fields.get("rejected") is not None:
        said.append(_read_answer(fields.get("chosen"), "chosen", where))
        rejected = _read_answer(fields.get("rejected"), "rejected", where)[1]
    system = system or take_optional_text(fields.get("system"), "system", where)
    return assemble_conversation(fields, origin, said, system=system, rejected=rejected)


def _read_answer(message: Any, name: str, where: str) -> Said:
    _, said = SHAREGPT.read([message], name, where)
    if not said or said[0][0] != "bot":
        raise RecordError("wrong_roles", where, f"{name} is no answer of the assistant")
    return said[0]


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    yield {
        "id": conversation.id,
        "system": conversation.system,
        "conversations": SHAREGPT.write(conversation.turns),
    }
