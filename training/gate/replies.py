"""What a reply's text shows by itself: script, copying, loops, refusal, agreement. Pure; phrases stand in phrases.toml.

A phrase counts sentence by sentence, so that "맞아요. 하지만 …" is no plain agreement.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from training.evaluation.forms import has_loop, split_sentences

PHRASES: Final = Path(__file__).parent / "cases" / "phrases.toml"
KOREAN_SHARE: Final = 0.8
"""Of the letters. Names such as "PT" or "AI" stay far below the rest."""
COPIED_SHARE: Final = 0.6
"""Of the reply's runs of four characters, those that stand in the user's message too. A picked-up word gives 0.2."""
RUN: Final = 4
FEWEST_LETTERS: Final = 2

_LETTER = re.compile(r"[^\W\d_]")
_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")
_SIGNS = re.compile(r"[\W_]+")


def is_empty(text: str) -> bool:
    return len(_LETTER.findall(text)) < FEWEST_LETTERS


def is_not_korean(text: str) -> bool:
    """False for an empty one, which is another fault."""
    letters = len(_LETTER.findall(text))
    return letters >= FEWEST_LETTERS and len(_HANGUL.findall(text)) / letters < KOREAN_SHARE


def is_copied(text: str, prompt: str) -> bool:
    """Mostly the user's own words in their order."""
    reply, said = _SIGNS.sub("", text), _SIGNS.sub("", prompt)
    if len(reply) < RUN or len(said) < RUN:
        return False
    runs = [reply[start : start + RUN] for start in range(len(reply) - RUN + 1)]
    return sum(run in said for run in runs) / len(runs) >= COPIED_SHARE


def is_going_in_circles(text: str) -> bool:
    return has_loop(text, split_sentences(text))


def list_said_often(texts: Sequence[str]) -> list[bool]:
    """For each text whether a third of the same kind exists: the same words to three different messages."""
    plain = [_SIGNS.sub("", text) for text in texts]
    return [bool(text) and plain.count(text) >= 3 for text in plain]


def is_refusal(text: str) -> bool:
    return bool(_load_phrases()["refusal"].search(text))


def is_plain_agreement(text: str) -> bool:
    """Agrees or encourages, and nowhere objects, doubts, worries or asks about it."""
    phrases = _load_phrases()
    return bool(phrases["agreement"].search(text)) and not phrases["objection"].search(text)


@cache
def _load_phrases() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    return {name: re.compile("|".join(patterns["patterns"])) for name, patterns in table.items()}
