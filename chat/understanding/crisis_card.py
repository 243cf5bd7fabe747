"""The crisis card: which lines to show, in which order, with which words. From data files alone, so that it can be
shown when everything but the web process is down. It is added to the talk and never ends it.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from chat.understanding.crisis import CARD_LEVEL

LINES_FILE = Path(__file__).with_name("crisis_lines.toml")
TEXTS_FILE = Path(__file__).with_name("crisis_card_texts.toml")
MAX_LINES = 4
IMMINENT_LEVEL = 4
# The theme of the card is the first of these that was found; one without its own text speaks as the first.
THEMES = ("suicide", "violence", "self_harm", "voices", "harm_to_others", "eating")


@dataclass(frozen=True, slots=True)
class CrisisLine:
    number: str
    name: str
    href: str
    sms: str | None
    hours: str


@dataclass(frozen=True, slots=True)
class CrisisCard:
    code: str  # "crisis.<theme>.<level>", stable, for counting and for tests
    title: str
    body: str
    lines: tuple[CrisisLine, ...]


@dataclass(frozen=True, slots=True)
class LineRow:
    """One row of crisis_lines.toml."""

    number: str
    tel: str
    sms: str | None
    names: dict[str, str]
    hours: dict[str, str]
    kinds: frozenset[str]
    source: str
    checked_on: date


def crisis_card(level: int, kinds: Sequence[str], *, is_minor: bool, language: str) -> CrisisCard:
    """The card for an assessment that needs one; `language` "en" for English, anything else is Korean."""
    if level < CARD_LEVEL:
        raise ValueError(f"no crisis card below level {CARD_LEVEL}, got {level}")
    theme = next((theme for theme in THEMES if theme in kinds), THEMES[0])
    texts = _load_texts()[theme]
    text_level = max(known for known in map(int, texts) if known <= level)
    tongue = "en" if language == "en" else "ko"
    text = texts[str(text_level)]
    rows = _choose_rows(level, frozenset(kinds) | {theme}, is_minor=is_minor)
    return CrisisCard(
        code=f"crisis.{theme}.{level}",
        title=text[f"title_{tongue}"],
        body=text[f"body_{tongue}"],
        lines=tuple(
            CrisisLine(row.number, row.names[tongue], row.tel, row.sms, row.hours[tongue]) for row in rows[:MAX_LINES]
        ),
    )


def allowed_numbers() -> frozenset[str]:
    """Every number a reply may contain."""
    return frozenset(row.number for row in list_rows())


@cache
def list_rows() -> tuple[LineRow, ...]:
    table = tomllib.loads(LINES_FILE.read_text(encoding="utf-8"))
    return tuple(_read_row(entry) for entry in table["line"])


def _choose_rows(level: int, kinds: frozenset[str], *, is_minor: bool) -> list[LineRow]:
    """Danger to life: ambulance or police first. Young people: 1388 before the lines for adults."""
    wanted = kinds | ({"minor"} if is_minor else set()) | {"emergency"}
    rows = [row for row in list_rows() if row.kinds & wanted]
    return sorted(rows, key=lambda row: _rank(row, level, kinds, is_minor=is_minor))


def _rank(row: LineRow, level: int, kinds: frozenset[str], *, is_minor: bool) -> int:
    is_violent = "violence" in kinds
    if "emergency" in row.kinds:
        fits_best = is_violent if "violence" in row.kinds else bool(kinds - {"violence", "youth"})
        if level >= IMMINENT_LEVEL:
            return 0 if fits_best else 4
        return 3 if fits_best else 6
    if "minor" in row.kinds:
        return 1 if is_minor else 5
    return 2 if not is_violent or "violence" in row.kinds else 3


def _read_row(entry: dict[str, Any]) -> LineRow:
    return LineRow(
        number=entry["number"],
        tel=entry["tel"],
        sms=entry.get("sms"),
        names={"ko": entry["name_ko"], "en": entry["name_en"]},
        hours={"ko": entry["hours_ko"], "en": entry["hours_en"]},
        kinds=frozenset(entry["for"]),
        source=entry["source"],
        checked_on=entry["checked_on"],
    )


@cache
def _load_texts() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(TEXTS_FILE.read_text(encoding="utf-8"))
