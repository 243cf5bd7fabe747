"""The plain reading and the way back to the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.pseudonyms.reading import read_plain
from chat.pseudonyms.spans import Span


@pytest.mark.parametrize(
    ("text", "plain"),
    [("０１０ー", "010ー"), ("010\u200b-1", "010-1"), ("010ㅡ1–2", "010-1-2"), ("a\u3000b", "a b"), ("①", "①")],
)
def test_spellings_become_one(text: str, plain: str) -> None:
    assert read_plain(text).text == plain


def test_decomposed_hangul_is_composed_and_found_again() -> None:
    text = unicodedata.normalize("NFD", "박준호가")
    reading = read_plain(text)
    assert reading.text == "박준호가"
    span = reading.restore(Span("name", 0, 3))
    assert unicodedata.normalize("NFC", text[span.start : span.end]) == "박준호"


@given(st.text())
def test_every_character_knows_where_it_came_from(text: str) -> None:
    reading = read_plain(text)
    assert len(reading.text) == len(reading.starts) == len(reading.ends)
    assert all(start < end <= len(text) for start, end in zip(reading.starts, reading.ends, strict=True))
