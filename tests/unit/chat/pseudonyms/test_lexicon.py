"""What the dictionary explains, and what only a name can be. Every line is made up."""

from __future__ import annotations

import pytest

from chat.pseudonyms.lexicon import Reading, load_lexicon
from chat.pseudonyms.mask import Masker


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("고르는", Reading.VERB),
        ("골라줬어요", Reading.VERB),
        ("안해도", Reading.VERB),
        ("변경하고", Reading.VERB),
        ("장판이", Reading.NOUN),
        ("전기장판이", Reading.FORCED),
        ("두마리", Reading.NOUN),
        ("손편지를", Reading.FORCED),
        ("방은", Reading.LOOSE),
        ("도윤이랑", Reading.NONE),
        ("혁재가", Reading.NONE),
    ],
)
def test_a_word_is_read_as_well_as_the_dictionary_can(word: str, reading: Reading) -> None:
    assert load_lexicon().explains(word) is reading


def test_a_chain_of_verbs_ends() -> None:
    assert load_lexicon().explains("가보" * 7) in Reading


@pytest.mark.parametrize("name", ["은서", "혁재", "담희", "리호", "병욱", "필순", "태겸", "솔찬", "가브리엘"])
@pytest.mark.parametrize("sentence", ["어제 {}{}랑 싸웠어", "{}{}도 같은 생각이래", "{}{}만 보면 눈물이 나요"])
def test_a_name_that_is_no_word_needs_no_helping_word(name: str, sentence: str) -> None:
    closed = "이" if (ord(name[-1]) - 0xAC00) % 28 else ""
    assert name not in Masker().mask(sentence.format(name, closed)).text


@pytest.mark.parametrize(
    "text",
    [
        "인강 듣다가 현타와서 폰만 봤어",
        "상담 예약을 변경하고 싶어요",
        "독박육아에 산후우울증까지 와서 죽겠어요",
        "전역하고 뭐 해먹고 살지 막막",
        "재수 실패하고 삼수하는 중",
        "박사과정 그만두고 싶어요",
        "주말엔 방도 안 치워요",
        "할머니는 우시고 저는 참았어요",
    ],
)
def test_what_the_dictionary_explains_stays(text: str) -> None:
    assert Masker().mask(text).text == text
