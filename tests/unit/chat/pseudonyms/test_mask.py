"""Placeholders: the same original, the same placeholder, in every text of one conversation and in no other."""

from __future__ import annotations

import pytest

from chat.pseudonyms.mask import Finding, Masker


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("남자친구 박준호가 자꾸 제 폰을 봐요", "남자친구 [이름1]이 자꾸 제 폰을 봐요"),
        ("제 이름은 이민지예요", "제 이름은 [이름1]이에요"),
        ("지훈이가 때렸어요", "[이름1]이 때렸어요"),
        ("제 번호는 010-0000-1234예요", "제 번호는 [전화1]예요"),
        ("공일공 공공공공 일이삼사요", "[전화1]요"),
        ("카톡 아이디 jelly_bear5로 주세요", "카톡 아이디 [계정1]으로 주세요"),
        ("한울고 2학년이에요", "[학교1] 2학년이에요"),
        ("한빛물류에서 일해요", "[직장1]에서 일해요"),
        ("힘드시면 010-0000-5678로 전화하세요", "힘드시면 [전화1]로 전화하세요"),
        ("12가0000 때문에 싸웠어요", "[차량1] 때문에 싸웠어요"),
    ],
)
def test_a_sentence_still_reads_as_korean(text: str, masked: str) -> None:
    assert Masker().mask(text).text == masked


def test_a_person_keeps_the_placeholder_through_the_conversation() -> None:
    masker = Masker()
    assert masker.mask("박준호랑 이서연이 싸웠어요").text == "[이름1]이랑 [이름2]이 싸웠어요"
    assert masker.mask("이서연이 먼저 그랬대요").text == "[이름2]이 먼저 그랬대요"
    assert masker.mask("준호는 착해요").text == "[이름1]은 착해요"


def test_a_diminutive_is_the_same_person() -> None:
    masker = Masker()
    assert masker.mask("김혜담이랑 싸웠어요").text == "[이름1]이랑 싸웠어요"
    assert masker.mask("혜담은 왜 그럴까요").text == "[이름1]은 왜 그럴까요"
    assert masker.mask("혜담이가 또 그래요").text == "[이름1]이 또 그래요"


def test_a_rare_given_name_is_known_once_the_full_name_was_said() -> None:
    masker = Masker()
    assert masker.mask("뚜림은 착해요").text == "뚜림은 착해요"
    assert masker.mask("남자친구 김뚜림이 왔어요").text == "남자친구 [이름1]이 왔어요"
    assert masker.mask("뚜림은 착해요").text == "[이름1]은 착해요"


def test_spellings_of_one_number_share_a_placeholder() -> None:
    masker = Masker()
    texts = ("010-0000-1234예요", "01000001234", "０１０ ００００ １２３４", "공일공에 공공공공 일이삼사")
    assert {masker.mask(text).text.split("]")[0] for text in texts} == {"[전화1"}


def test_two_conversations_share_nothing() -> None:
    first, second = Masker(), Masker()
    first.mask("박준호가 왔어요")
    assert second.mask("이서연이 왔어요").text == "[이름1]이 왔어요"


def test_a_number_in_use_is_not_given_again() -> None:
    assert Masker().mask("[이름1]이 박준호를 때렸어요").text == "[이름1]이 [이름2]을 때렸어요"


def test_findings_point_into_the_original_and_hold_none_of_it() -> None:
    text = "어제 박준호가 010-0000-1234로 전화했어요"
    findings = Masker().mask(text).findings
    assert findings == (Finding("name", 3, 6), Finding("phone", 8, 21))
    assert [text[finding.start : finding.end] for finding in findings] == ["박준호", "010-0000-1234"]


def test_invisible_and_wide_characters_hide_nothing() -> None:
    assert Masker().mask("번호 ０１０\u200b-００００-\u200b１２３４예요").text == "번호 [전화1]예요"


def test_a_masker_shows_no_original_in_its_repr() -> None:
    masker = Masker()
    masker.mask("박준호가 왔어요")
    assert "준호" not in repr(masker)
