"""Conversations as the trainer reads them: one JSON object a line.

    {"id": "mma-001", "character": "mary", "topic": "…", "mood": "negative",
     "turns": [{"role": "user", "text": "…"},
               {"role": "bot", "text": "…",
                "pairs": [{"rejected": "…", "chosen": "…", "weight": 1.0, "agreement": 1.0}]}]}

A bot turn's `text` is what the talk went on with. `pairs` compare answers at that place; without `chosen`, the turn's
own text is the better one. `agreement` is the share of annotators who agreed: 1 for none against. A conversation may
carry `system`: a text of its own before the first turn, such as the goods that are haggled over; and `clinical`, true:
it stands in a crisis or after one, and is learned from like any other, but not shown to everybody.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

FOREIGN_LABEL: Final = re.compile(
    r"###\s*(명령어|응답|질문|답변|입력|instruction|response|input|user|assistant|system)\s*\d*\s*[:：]"
    r"|\n\s*(질문|답변|명령어|응답|구매자|판매자|user|bot|assistant|human|ai)\s*\d*\s*[:：]"
    r"|<\|?(im_start|im_end|start_of_turn|end_of_turn|start_header_id|end_header_id|eot_id|endoftext|sep)\|?>"
    r"|\[/?INST\]",
    re.IGNORECASE,
)
"""Labels and control tokens of prompt templates, Korean or English: left in a text, an lm learns to say them."""


class RecordError(ValueError):
    """A line that cannot be learned from. `code` is documented in docs/training.md.

    It ends in logs and rows that outlive the line: `reason` quotes nobody's words.
    """

    def __init__(self, code: str, where: str, reason: str) -> None:
        super().__init__(f"{where}: {code}: {reason}")
        self.code = code
        self.where = where
        self.reason = reason


@dataclass(frozen=True)
class Pair:
    chosen: str
    rejected: str
    weight: float = 1.0
    agreement: float = 1.0


@dataclass(frozen=True)
class Turn:
    role: Literal["user", "bot"]
    text: str
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Conversation:
    id: str
    character: str
    turns: tuple[Turn, ...]
    topic: str = ""
    mood: str = ""
    system: str = ""
    is_clinical: bool = False
    where: str = field(default="", compare=False)  # file and line

    @property
    def place(self) -> str:
        """For whoever has to find it: file, line and id."""
        return f"{self.where} {self.id}".strip()


def read_conversations(path: Path) -> Iterator[Conversation]:
    """One by one, in flat memory. Raises RecordError with file name and line."""
    is_empty = True
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            is_empty = False
            where = f"{path.name}:{number}"
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise RecordError("not_json", where, str(error)) from error
            yield load_conversation(fields, where)
    if is_empty:
        raise RecordError("empty", path.name, "there is no conversation in this file")


def load_conversation(fields: Any, where: str) -> Conversation:
    """Raises RecordError with each code that docs/training.md says of a line."""
    try:
        turns = tuple(_load_turn(turn, where) for turn in fields["turns"])
        conversation = Conversation(
            id=str(fields["id"]),
            character=str(fields["character"]),
            turns=turns,
            topic=str(fields.get("topic") or ""),
            mood=str(fields.get("mood") or ""),
            system=str(fields.get("system") or ""),
            is_clinical=bool(fields.get("clinical", False)),
            where=where,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError("not_a_conversation", where, f"{type(error).__name__} {error}") from error
    roles = [turn.role for turn in turns]
    is_alternating = all(before != after for before, after in itertools.pairwise(roles))
    if not roles or roles[-1] != "bot" or not is_alternating or "user" not in roles:
        raise RecordError("wrong_roles", where, f"user and bot take turns, the bot last; here: {' '.join(roles)}")
    return conversation


def _load_turn(fields: dict[str, Any], where: str) -> Turn:
    role, text = fields["role"], _read_text(fields, "text", where)
    if role not in ("user", "bot"):
        raise RecordError("wrong_roles", where, "a role is user or bot")
    if not text.strip():
        raise RecordError("empty_text", where, f"a turn of the {role} without text")
    _refuse_labels(text, where)
    return Turn(role, text, tuple(_load_pair(pair, text, where) for pair in fields.get("pairs", ())))


def _refuse_labels(text: str, where: str) -> None:
    if label := FOREIGN_LABEL.search(text):
        reason = f"{label.group().strip()!r} belongs to a prompt template, not to a text: manage.py dataset convert"
        raise RecordError("template_label", where, reason)


def _read_text(fields: dict[str, Any], name: str, where: str) -> str:
    text = fields[name]
    if not isinstance(text, str | None):
        raise RecordError("not_a_conversation", where, f"{name} is {type(text).__name__}, no text")
    return text or ""


def _load_pair(fields: dict[str, Any], text: str, where: str) -> Pair:
    try:
        weight, agreement = float(fields.get("weight", 1.0)), float(fields.get("agreement", 1.0))
    except ValueError as error:
        raise RecordError("bad_weight", where, "weight and agreement are numbers") from error
    chosen = _read_text(fields, "chosen", where) if "chosen" in fields else text
    pair = Pair(chosen, _read_text(fields, "rejected", where), weight, agreement)
    if not pair.chosen.strip() or not pair.rejected.strip():
        raise RecordError("empty_text", where, "an answer of a pair without text")
    _refuse_labels(pair.chosen, where)
    _refuse_labels(pair.rejected, where)
    if " ".join(pair.chosen.split()) == " ".join(pair.rejected.split()):
        raise RecordError("chosen_is_rejected", where, "nothing to prefer")
    if not 0 < pair.weight < math.inf or not 0.5 < pair.agreement <= 1:
        raise RecordError("bad_weight", where, f"weight {pair.weight} (above 0), agreement {pair.agreement} (0.5 to 1)")
    return pair


def dump_conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "character": conversation.character,
        **({"topic": conversation.topic} if conversation.topic else {}),
        **({"mood": conversation.mood} if conversation.mood else {}),
        **({"system": conversation.system} if conversation.system else {}),
        **({"clinical": True} if conversation.is_clinical else {}),
        "turns": [_dump_turn(turn) for turn in conversation.turns],
    }


def render_line(conversation: Conversation) -> str:
    """Its line in a file, always the same for the same conversation."""
    return json.dumps(dump_conversation(conversation), ensure_ascii=False, sort_keys=True) + "\n"


def _dump_turn(turn: Turn) -> dict[str, Any]:
    pairs = [
        {
            **({"chosen": pair.chosen} if pair.chosen != turn.text else {}),
            "rejected": pair.rejected,
            **({"weight": pair.weight} if pair.weight != 1.0 else {}),
            **({"agreement": pair.agreement} if pair.agreement != 1.0 else {}),
        }
        for pair in turn.pairs
    ]
    return {"role": turn.role, "text": turn.text, **({"pairs": pairs} if pairs else {})}
