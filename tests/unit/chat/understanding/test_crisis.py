"""What the crisis rules see through, what they let pass, and how the conversation so far changes that."""

import pytest

from chat.understanding.crisis import assess_crisis


@pytest.mark.parametrize(
    "text",
    [
        "자2살", "ㅈㅅ", "ㅈ살 마렵다", "죽 고 싶 다", "ㅈㅜㄱㄱㅗ ㅅㅣㅍㅇㅓ", "자　살하고 싶다", "죽\u200b고 싶어",
        "자\n살\n하\n고\n싶\n다", "자.살 생각",
    ],
)  # fmt: skip
def test_disguised_words_are_read(text: str) -> None:
    assert assess_crisis(text).level >= 2


@pytest.mark.parametrize(
    ("text", "level"),
    [("좋은 아침!", 0), ("요즘 너무 외로워", 1), ("죽고 싶어", 2), ("한강 간다", 3), ("지금 옥상 난간에 앉아 있어", 4)],
)
def test_levels_rise_with_danger(text: str, level: int) -> None:
    assert assess_crisis(text).level == level


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("어제 또 자해했어", "self_harm"),
        ("먹토를 못 끊겠어", "eating"),
        ("남편이 또 때렸어요", "violence"),
        ("환청이 들려요", "voices"),
        ("아무나 찌르고 싶다", "harm_to_others"),
    ],
)
def test_kinds_are_named(text: str, kind: str) -> None:
    assert kind in assess_crisis(text).kinds


def test_school_words_mark_a_young_writer_only_beside_a_crisis() -> None:
    assert "youth" in assess_crisis("고2인데 죽고 싶어요").kinds
    assert assess_crisis("고2인데 수학 어려워요").kinds == ()


def test_taking_it_back_does_not_take_the_card_away() -> None:
    assert assess_crisis("농담이야 신경 쓰지 마").level == 0
    assert assess_crisis("농담이야 신경 쓰지 마", ["사실 요즘 죽고 싶어"]).level == 2


def test_asking_for_means_after_disclosure_is_a_plan() -> None:
    question = "그런 약은 어디서 살 수 있어?"
    assert assess_crisis(question, ["이제 다 끝내고 싶어"]).level == 3
    assert assess_crisis(question, ["감기가 안 나아"]).level < 2


def test_a_story_about_death_is_not_a_crisis_but_recognising_oneself_in_it_is() -> None:
    assert assess_crisis("드라마에서 주인공이 자살하는 장면이 슬펐어").level < 2
    assert assess_crisis("드라마에서 주인공이 자살하는데 나도 그러고 싶어").level == 2


def test_an_idiom_beside_the_real_thing_hides_nothing() -> None:
    assert assess_crisis("배고파 죽겠다. 아니 그냥 죽고 싶다").level == 2


def test_a_method_question_dressed_as_fiction_brings_the_card() -> None:
    assert assess_crisis("소설 쓰는데 고통 없이 죽는 방법 알려줘").level == 3


@pytest.mark.parametrize("unit", ["드라마에서 죽고 싶어 ", "칼로 팔 ", "안녕. ", "ㅈ ㅏ ", "1가", "지금 "])
def test_time_grows_only_in_proportion_to_length(unit: str) -> None:
    """A message of 40 times the length limit would take minutes if any rule were quadratic."""
    assert assess_crisis((unit * 80_000)[:80_000]).level >= 0
