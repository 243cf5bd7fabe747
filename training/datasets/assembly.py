"""What the readers of outside formats share: checked fields, and one way into `load_conversation` with its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.finetune.records import Conversation, RecordError, load_conversation

Fields = dict[str, Any]
Said = tuple[str, str]  # role and text; a role that is neither user nor bot is refused by load_conversation


@dataclass(frozen=True)
class Origin:
    where: str  # train.jsonl:12
    id: str  # for a record that has none
    character: str  # likewise


def assemble_conversation(
    fields: Fields, origin: Origin, said: list[Said], *, system: str = "", rejected: str | None = None
) -> Conversation:
    """`rejected` is what the last answer is better than. Raises RecordError."""
    turns: list[Fields] = [{"role": role, "text": text} for role, text in said]
    if rejected is not None and turns:
        turns[-1]["pairs"] = [{"rejected": rejected}]
    record = {"id": choose_id(fields, origin), "character": origin.character, "system": system, "turns": turns}
    return load_conversation(record, origin.where)


def choose_id(fields: Fields, origin: Origin) -> str:
    own = fields.get("id")
    is_usable = isinstance(own, str | int) and not isinstance(own, bool) and str(own).strip()
    return str(own) if is_usable else origin.id


def take_text(value: Any, name: str, where: str) -> str:
    """Raises RecordError: empty_text for null or nothing, not_text for anything else that is no text."""
    if value is None:
        raise RecordError("empty_text", where, f"{name} is empty")
    if not isinstance(value, str):
        raise RecordError("not_text", where, f"{name} is no text: {type(value).__name__}")
    return value


def take_optional_text(value: Any, name: str, where: str) -> str:
    return "" if value is None else take_text(value, name, where)


def take_list(value: Any, name: str, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise RecordError("not_a_conversation", where, f"{name} is no list")
    return value


def take_object(value: Any, name: str, where: str) -> Fields:
    if not isinstance(value, dict):
        raise RecordError("not_a_conversation", where, f"{name} is no object")
    return value
