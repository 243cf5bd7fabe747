"""What stays: crisis lines above all, then doses, amounts, scores and durations."""

from __future__ import annotations

import pytest

from chat.pseudonyms.mask import Masker
from chat.understanding.crisis_card import allowed_numbers


@pytest.mark.parametrize("number", sorted(allowed_numbers()))
@pytest.mark.parametrize("sentence", ["{}에 전화했어요", "전화번호가 {}이라던데", "계좌 말고 {}", "{}번", "학번 {}"])
def test_crisis_lines_stay(number: str, sentence: str) -> None:
    assert number in Masker().mask(sentence.format(number)).text


@pytest.mark.parametrize(
    "text",
    ["약 50mg 먹었어요", "3시간 잤어", "시험 92점", "월세 60만원", "1,200원 있어요", "6개월 됐어요", "우울점수 21점"],
)
def test_amounts_stay(text: str) -> None:
    assert Masker().mask(text).text == text


@pytest.mark.parametrize("text", ["하늘이 예뻐", "유진이라는 드라마 봤어요", "가을이 되면 우울해", "배고파 죽겠다"])
def test_words_that_look_like_names_stay(text: str) -> None:
    assert Masker().mask(text).text == text


def test_a_line_inside_a_private_number_does_not_save_the_number() -> None:
    assert Masker().mask("010-1388-0000으로 전화해").text == "[전화1]로 전화해"
