"""A reply has no blank ends and at most one empty line in a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tone.reply_trim import ReplyTrim
from tests.unit.chat.tone.cuts import run_in_pieces


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("  \n안녕  ", "안녕"),
        ("가\n\n\n\n나", "가\n\n나"),
        ("가\n \n\n  나", "가\n\n  나"),
        ("가\n\n나", "가\n\n나"),
        (" \n ", ""),
    ],
)
def test_blank_ends_and_extra_empty_lines_go(text: str, trimmed: str) -> None:
    assert run_in_pieces(ReplyTrim(), text) == trimmed


def test_blanks_are_held_until_a_word_follows() -> None:
    trim = ReplyTrim()
    assert trim.feed("안녕 \n") == "안녕"
    assert trim.feed("또") == " \n또"


@given(st.text(alphabet=" \n\t가a.", max_size=40), st.lists(st.integers(0, 40), max_size=10))
def test_output_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    assert run_in_pieces(ReplyTrim(), text, cuts) == run_in_pieces(ReplyTrim(), text)


@given(st.text(alphabet=" \n\t가a.", max_size=40))
def test_trimming_twice_changes_nothing(text: str) -> None:
    once = run_in_pieces(ReplyTrim(), text)
    assert run_in_pieces(ReplyTrim(), once) == once
