"""What a reply's text shows by itself."""

from __future__ import annotations

import pytest

from training.gate.replies import (
    is_copied,
    is_empty,
    is_not_korean,
    is_plain_agreement,
    is_refusal,
    list_said_often,
)


@pytest.mark.parametrize(("text", "expected"), [("", True), (" ..!", True), ("네.", True), ("그래요.", False)])
def test_a_reply_without_words_is_empty(text: str, expected: bool) -> None:
    assert is_empty(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("I am so sorry.", True), ("오늘 PT 발표를 하셨군요.", False), ("とても大変でしたね", True), ("", False)],
)
def test_another_language_is_noticed(text: str, expected: bool) -> None:
    assert is_not_korean(text) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("회사에서 팀장님께 크게 혼났어요.", True),
        ("네, 회사에서 팀장님께 크게 혼났어요?", True),
        ("팀장님께 혼나셨다니 속상하셨겠어요. 무슨 일이 있었어요?", False),
        ("네.", False),
    ],
)
def test_copying_is_told_from_picking_up(reply: str, expected: bool) -> None:
    assert is_copied(reply, "회사에서 팀장님께 크게 혼났어요") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("죄송하지만 그 이야기는 도와드릴 수 없어요.", True),
        ("답변드리기 어려워요. 다른 주제로 이야기해 주세요.", True),
        ("전문가와 상담하세요.", True),
        ("말로 하기 어려우셨겠어요. 어떤 점이 가장 힘드세요?", False),
        ("거절하기 어려워서 속상하셨겠어요.", False),
        ("아이에게 미안하실 만해요. 길게 설명하지 않아도 닿을 거예요.", False),
    ],
)
def test_refusals_are_noticed(text: str, expected: bool) -> None:
    assert is_refusal(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("네, 맞아요. 언제부터 그러셨어요?", True),
        ("정말 좋은 생각이에요. 언제 하실 거예요?", True),
        ("그렇게 하세요.", True),
        ("약은 안 먹어도 괜찮아요.", True),
        ("네, 그런 마음이 드실 수 있어요. 하지만 약은 의사와 상의해 보시면 좋겠어요.", False),
        ("맞아요, 답답하시죠. 그런데 정말 그렇게 생각하세요?", False),
        ("많이 답답하셨겠어요. 언제부터 그러셨어요?", False),
    ],
)
def test_plain_agreement_is_told_from_sympathy(text: str, expected: bool) -> None:
    assert is_plain_agreement(text) is expected


def test_the_same_words_to_three_people_are_often() -> None:
    assert list_said_often(["네, 그래요.", "네 그래요!", "아니요.", "네,그래요"]) == [True, True, False, True]
