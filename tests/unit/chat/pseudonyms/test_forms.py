"""Forms people type and the corpora do not hold: every line is made up. They keep rules general and show no recall."""

from __future__ import annotations

import pytest

from chat.pseudonyms.mask import Masker


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("90.03.14 여자", "[생년월일1] 여자"),
        ("900314 입니다", "[생년월일1] 입니다"),
        ("생일 3월14일", "생일 [생년월일1]"),
        ("팔십구년 칠월 삼일에 태어났어요", "[생년월일1]에 태어났어요"),
        ("예약번호 AB-1234", "예약번호 [번호1]"),
        ("차번호 123가4567", "차번호 [차량1]"),
        ("900314 - 2345678", "[주민번호1]"),
        ("abc.tistory.com 봐요", "[링크1] 봐요"),
    ],
)
def test_numbers_are_known_by_their_form(text: str, masked: str) -> None:
    assert Masker().mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("참솔고 자퇴했음", "[학교1] 자퇴했음"),
        ("바람꽃대 경영학과 2학년", "[학교1] 2학년"),
        ("윗샘중 이서연한테 맞았어요", "[학교1] [이름1]한테 맞았어요"),
        ("나래물산 인턴", "[직장1] 인턴"),
        ("대성정밀 생산직 3교대", "[직장1] 생산직 3교대"),
        ("학교에서 좀비라고 불려요", "학교에서 [별명1]이라고 불려요"),
        ("애들이 나를 투명이라고 불러", "애들이 나를 [별명1]이라고 불러"),
        ("라온스퀘어에서 일하는데 힘들어요", "[직장1]에서 일하는데 힘들어요"),
        ("늘찬건축 면접 봤는데 떨어졌어", "[직장1] 면접 봤는데 떨어졌어"),
        ("저는 여기서 달토끼로 불러주세요", "저는 여기서 [별명1]으로 불러주세요"),
        ("오픈채팅에서 흑염소님이 저격했어요", "오픈채팅에서 [별명1]님이 저격했어요"),
    ],
)
def test_places_and_nicknames_are_known_by_their_neighbours(text: str, masked: str) -> None:
    assert Masker().mask(text).text == masked


@pytest.mark.parametrize("name", ["해담", "복순", "지율", "채린", "도겸"])
@pytest.mark.parametrize("sentence", ["{}이한테 차였어", "{}이가 저를 때렸어요", "요즘 {}이는 연락이 없어요"])
def test_a_given_name_needs_no_list(name: str, sentence: str) -> None:
    text = sentence.format(name)
    assert name not in Masker().mask(text).text


@pytest.mark.parametrize(
    "text", ["새 신발 고르는 날", "여주가 죽어서 울었어", "나무 만지는 일", "공부중 배고파", "숨을 고르고"]
)
def test_everyday_words_built_like_names_stay(text: str) -> None:
    assert Masker().mask(text).text == text
