"""The crisis card: the right lines in the right order, honest words, fresh numbers."""

import re
from datetime import date, timedelta

import pytest

from chat.understanding.crisis_card import LINES_FILE, TEXTS_FILE, CrisisCard, allowed_numbers, crisis_card, list_rows

MAX_AGE = timedelta(days=180)
KINDS = ["suicide", "self_harm", "violence", "voices", "harm_to_others", "eating", "unknown"]


def card(level: int, *kinds: str, is_minor: bool = False, language: str = "ko") -> CrisisCard:
    return crisis_card(level, kinds, is_minor=is_minor, language=language)


def numbers(shown: CrisisCard) -> list[str]:
    return [line.number for line in shown.lines]


def test_every_number_was_checked_in_the_last_180_days() -> None:
    stale = [row.number for row in list_rows() if date.today() - row.checked_on > MAX_AGE]
    assert not stale, (
        f"Nobody has checked {', '.join(stale)} for {MAX_AGE.days} days. For each: open its source (named in "
        f"{LINES_FILE.name}), see that number, hours and text service still hold, correct the row, and "
        "set checked_on to the day you looked. Do not move the date without looking."
    )


def test_numbers_that_must_never_appear_do_not() -> None:
    assert not re.search(r"\b(1393|988|911)\b", LINES_FILE.read_text() + TEXTS_FILE.read_text())
    assert allowed_numbers() == {"109", "1577-0199", "1388", "1366", "119", "112"}


@pytest.mark.parametrize(
    ("level", "kinds", "is_minor", "first"),
    [
        (2, ["suicide"], False, ["109", "1577-0199"]),
        (2, ["suicide"], True, ["1388", "109"]),
        (4, ["suicide"], False, ["119", "109"]),
        (4, ["suicide"], True, ["119", "1388"]),
        (2, ["violence"], False, ["1366", "112"]),
        (4, ["violence"], False, ["112", "1366"]),
        (2, ["eating"], False, ["109", "1577-0199"]),
    ],
)
def test_the_most_fitting_lines_come_first(level: int, kinds: list[str], is_minor: bool, first: list[str]) -> None:
    assert numbers(card(level, *kinds, is_minor=is_minor))[:2] == first


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("level", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_every_card_is_complete_and_says_that_nobody_is_watching(kind: str, level: int, language: str) -> None:
    shown = card(level, kind, language=language)
    assert shown.title
    assert len(shown.lines) >= 2
    assert "AI" in shown.body
    assert re.search("없어요|nobody", shown.body)


def test_links_call_and_text() -> None:
    first = card(2, "suicide").lines[0]
    assert (first.href, first.sms) == ("tel:109", "sms:109")


def test_words_and_code_follow_the_level() -> None:
    assert card(4, "suicide").code == "crisis.suicide.4"
    assert card(2, "suicide").title != card(4, "suicide").title


def test_no_card_below_its_level() -> None:
    with pytest.raises(ValueError, match="below level 2"):
        card(1, "distress")
