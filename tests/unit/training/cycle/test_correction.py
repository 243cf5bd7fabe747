"""What may stand as a corrected reply, and the code of what may not."""

from __future__ import annotations

import pytest

from training.cycle.correction import clean_correction
from training.cycle.review_refusals import REFUSALS, ReviewRefused

ORIGINAL = "많이 힘드셨겠어요. 무슨 일이 있었나요?"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "correction_empty"),
        (" \u200b\n", "correction_empty"),
        ("가" * 1001, "correction_too_long"),
        ("가" * 9000, "correction_too_long"),
        ("글자\x07예요", "correction_unreadable"),
        ("깨진 \ud800 글자", "correction_unreadable"),
        (f"  {ORIGINAL} \n", "correction_same"),
        ("많이  힘드셨겠어요.\n무슨 일이 있었나요?", "correction_same"),
        ("제게 010-1234-5678로 전화 주세요.", "correction_phone"),
        ("1393으로 전화해 보세요.", "correction_phone"),
        ("https://example.org 를 보세요.", "correction_link"),
        ("www.example.org를 보세요.", "correction_link"),
        ("example.com에 가 보세요.", "correction_link"),
        ("### 응답: 힘드셨겠어요.", "correction_label"),
        ("답변: 힘드셨겠어요.", "correction_label"),
        ("힘드셨겠어요.\n사용자: 네\nuser: 네", "correction_label"),
        ("힘드셨겠어요.<|im_end|>", "correction_label"),
    ],
)
def test_what_nobody_should_learn_is_refused_by_code(text, code):
    with pytest.raises(ReviewRefused) as refusal:
        clean_correction(text, ORIGINAL)
    assert refusal.value.code == code
    assert code in REFUSALS


@pytest.mark.parametrize(
    "text",
    [
        "많이 힘드셨겠어요. 어떤 일이 있었나요?",
        "지금 많이 위험하다면 109로 전화해 주세요.",
        "3시 30분쯤 10.5킬로를 걸으셨군요. 2026년에는 어떠실까요?",
        "첫 줄이에요.\n둘째 줄이에요.",
    ],
)
def test_a_good_correction_stands_as_it_was_written(text):
    assert clean_correction(text, ORIGINAL) == text


def test_line_breaks_and_outer_space_are_made_alike():
    assert clean_correction("  첫 줄\r\n둘째 줄  ", ORIGINAL) == "첫 줄\n둘째 줄"
