"""Disguised spelling is undone; ordinary spelling is left alone."""

import unicodedata

import pytest

from chat.understanding.plain_text import read_plainly


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("안녕하세요", ("안녕하세요",)),
        ("자2살", ("자2살", "자살")),
        ("가 나 다", ("가나다",)),
        ("ㄱㅏ나", ("ㄱㅏ나", "가나")),
        ("없ㅇㅓ", ("없ㅇㅓ", "없어")),
        ("ＡＢ　１０９", ("ab 109",)),
        ("가\u200b나", ("가나",)),
        ("싫어어어어", ("싫어어",)),
        ("혼자 살 집", ("혼자 살집",)),
    ],
)
def test_readings(text: str, readings: tuple[str, ...]) -> None:
    assert read_plainly(text) == readings


def test_decomposed_syllables_read_like_composed_ones() -> None:
    assert read_plainly(unicodedata.normalize("NFD", "죽고 싶어")) == ("죽고 싶어",)
