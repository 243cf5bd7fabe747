"""The judge's eight items (G-Eval as in reference systems, F-50) and the strict reading of its answer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Item:
    name: str
    lowest: float
    highest: float
    question: str  # what the judge is asked


ITEMS: Final = (
    Item("understandable", 0, 1, "답을 읽고 뜻을 알아들을 수 있는가"),
    Item("natural", 1, 5, "사람이 말하듯 자연스러운가"),
    Item("keeps_context", 1, 5, "앞의 대화를 이어 가는가"),
    Item("interesting", 1, 5, "계속 이야기하고 싶어지는가"),
    Item("uses_instruction", 0, 1, "사용자가 말한 내용을 살려서 답하는가"),
    Item("empathy", 0, 1, "사용자의 마음에 공감하는가"),
    Item("invites_dialogue", 0, 1, "사용자가 말을 이어 가도록 이끄는가"),
    Item("overall", 1, 10, "상담 대화의 답으로서 전체 점수"),
)
_LINE = re.compile(r"([a-z_]+): (\d{1,2}(?:\.\d{1,3})?)")


class RatingError(ValueError):
    """A judge's answer that is not the eight lines it was asked for; the message says where, and quotes nothing."""


def parse_rating(text: str) -> tuple[float, ...]:
    """Eight lines `name: number` in the order of ITEMS, and nothing else. Raises RatingError."""
    lines = text.strip().splitlines()
    if len(lines) != len(ITEMS):
        raise RatingError(f"{len(lines)} lines, {len(ITEMS)} expected")
    rows = enumerate(zip(lines, ITEMS, strict=True), start=1)
    return tuple(_parse_line(line.strip(), item, number) for number, (line, item) in rows)


def _parse_line(line: str, item: Item, number: int) -> float:
    found = _LINE.fullmatch(line)
    if found is None or found[1] != item.name:
        raise RatingError(f"line {number} is not `{item.name}: number`")
    value = float(found[2])
    if not item.lowest <= value <= item.highest:
        raise RatingError(f"line {number}: {item.name} is outside {item.lowest:g} to {item.highest:g}")
    return value
