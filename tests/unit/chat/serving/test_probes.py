"""What an answer to a canary prompt must be."""

from __future__ import annotations

import pytest

from chat.serving.probes import Answer, check_answers
from chat.serving.refusals import ServingRefused

GOOD = Answer("많이 지치셨군요. 오늘은 어떤 일이 있었어요?", True)


def test_ordinary_answers_pass_even_if_one_is_long() -> None:
    check_answers([GOOD, Answer("ㅎㅎㅎㅎ 그렇군요", False)])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "probe_empty"),
        (" \n...", "probe_empty"),
        ("네<end_of_turn>", "probe_control_tokens"),
        ("네 <unused42>", "probe_control_tokens"),
        ("가\ufffd나", "probe_control_tokens"),
        ("그래그래그래그래그래그래그래그래그래", "probe_looping"),
        ("네!!!!!!!!!!!!", "probe_looping"),
    ],
)
def test_an_answer_that_no_user_should_get_is_refused(text: str, code: str) -> None:
    with pytest.raises(ServingRefused, match=code):
        check_answers([GOOD, Answer(text, True)])


def test_an_adapter_that_never_comes_to_an_end_is_refused() -> None:
    with pytest.raises(ServingRefused, match="probe_endless"):
        check_answers([Answer("그리고 또", False)] * 3)
