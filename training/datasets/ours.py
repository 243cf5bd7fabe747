"""Our own format: training.finetune.records (docs/training.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.datasets.assembly import Fields, Origin, choose_id
from training.finetune.records import Conversation, dump_conversation, load_conversation


def fits(fields: Fields) -> bool:
    return isinstance(fields.get("turns"), list)


def load(fields: Fields, origin: Origin) -> Conversation:
    present = _drop_nulls(fields)
    record = {"character": origin.character, **present, "id": choose_id(present, origin)}
    return load_conversation(record, origin.where)


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    yield dump_conversation(conversation)


def _drop_nulls(value: Any) -> Any:
    """Tables write null where a record has no such field; load_conversation would read the word None."""
    if isinstance(value, dict):
        return {name: _drop_nulls(part) for name, part in value.items() if part is not None}
    return [_drop_nulls(part) for part in value] if isinstance(value, list) else value
