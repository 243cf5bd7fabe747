"""What a user may send: readable text up to 2,000 characters, and a clear refusal for the rest."""

import unicodedata
from typing import get_args

import pytest

from chat.errors import get_message
from chat.replies.text_limits import MessageRefused, RefusalCode, clean_message, count_characters


def refusal_of(text: str) -> str:
    with pytest.raises(MessageRefused) as refused:
        clean_message(text)
    return refused.value.code


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  안녕\r\n하세요\r잘 지내요  ", "안녕\n하세요\n잘 지내요"),
        (unicodedata.normalize("NFD", "마리야"), "마리야"),
        ("탭\t은 남아요", "탭\t은 남아요"),
        ("\ufeff뒤집힌\u202e글", "뒤집힌글"),
        ("👨\u200d👩\u200d👧 가족", "👨\u200d👩\u200d👧 가족"),
    ],
)
def test_harmless_oddities_are_cleaned(text: str, cleaned: str) -> None:
    assert clean_message(text) == cleaned


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\u3164", "\ufeff"])
def test_nothing_to_read_is_refused_as_empty(text: str) -> None:
    assert refusal_of(text) == "empty"


@pytest.mark.parametrize("text", ["가\x00나", "\x1b[31m빨강", "가\x85나", "가\x7f나"])
def test_control_characters_are_refused(text: str) -> None:
    assert refusal_of(text) == "control_characters"


def test_a_lone_surrogate_is_refused_as_invalid() -> None:
    assert refusal_of("깨진 \ud83d 글자") == "invalid"


@pytest.mark.parametrize("text", ["가" * 2001, "😀" * 10_000, "😀" * 2001, "a" + "\u0301" * 9000, "가" * 1_000_000])
def test_too_much_text_is_refused_as_too_long(text: str) -> None:
    assert refusal_of(text) == "too_long"


@pytest.mark.parametrize(
    "text", ["가" * 2000, "😀" * 2000, unicodedata.normalize("NFD", "한" * 2000), "👨\u200d👩\u200d👧" * 1000]
)
def test_text_at_the_limit_is_taken(text: str) -> None:
    assert clean_message(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("가나", 2), ("👨\u200d👩\u200d👧", 1), ("👍🏽", 1), ("🇰🇷🇰🇷", 2), ("❤\ufe0f", 1), ("1\ufe0f\u20e3", 1)],
)
def test_characters_count_as_people_see_them(text: str, count: int) -> None:
    assert count_characters(text) == count


@pytest.mark.parametrize("code", get_args(RefusalCode))
def test_every_refusal_has_its_words_for_the_user(code: str) -> None:
    assert set(get_message(f"message_{code}")) == {"ko", "en"}
