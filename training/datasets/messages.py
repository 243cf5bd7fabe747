"""Lists of messages, {role, content} or {from, value}: the system's text and what user and bot said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from training.datasets.assembly import Fields, Said, take_list, take_object, take_text
from training.finetune.records import RecordError, Turn


@dataclass(frozen=True)
class MessageShape:
    role: str
    text: str
    roles: Mapping[str, str]  # theirs → ours, or "system"
    user: str  # as it is written
    bot: str

    def read(self, messages: Any, name: str, where: str) -> tuple[str, list[Said]]:
        """Only a first message may be the system's; a later one is left for load_conversation to refuse."""
        said = [self._read_one(message, name, where) for message in take_list(messages, name, where)]
        if said and said[0][0] == "system":
            return said[0][1], said[1:]
        return "", said

    def _read_one(self, message: Any, name: str, where: str) -> Said:
        fields = take_object(message, f"a message of {name}", where)
        role = str(fields.get(self.role))
        if role not in self.roles:
            raise RecordError("wrong_roles", where, f"{self.role} is one of {', '.join(self.roles)}, not {role!r}")
        return self.roles[role], take_text(fields.get(self.text), f"{self.text} of a {role}", where)

    def write(self, turns: Iterable[Turn]) -> list[Fields]:
        return [self.write_one(self.user if turn.role == "user" else self.bot, turn.text) for turn in turns]

    def write_one(self, role: str, text: str) -> Fields:
        return {self.role: role, self.text: text}

    def write_system(self, text: str) -> list[Fields]:
        return [self.write_one("system", text)] if text else []


TRL = MessageShape("role", "content", {"system": "system", "user": "user", "assistant": "bot"}, "user", "assistant")
SHAREGPT = MessageShape(
    "from",
    "value",
    {"system": "system", "human": "user", "user": "user", "gpt": "bot", "assistant": "bot"},
    "human",
    "gpt",
)
