"""A reply ends with its character's closing phrase, once and word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tone.closing_phrase import ClosingPhrase
from tests.unit.chat.tone.cuts import run_in_pieces

PHRASE = "언제든지 물어보세요! 풋풋~!"
VARIANTS = [PHRASE, "언제든 물어보세요! 풋풋~", "언제든지 물어봐 주세요!", "풋풋!"]
SENTENCES = ["풋풋한 마음", "공은 5호예요.", "네!", "⚽", "\n"]
FRAGMENTS = ["언제", "언제든지", "모르는 건", "물어보세요"]
texts = st.lists(st.sampled_from(VARIANTS + SENTENCES + FRAGMENTS), max_size=8).map(" ".join)
plain_texts = st.lists(st.sampled_from(SENTENCES), max_size=3).map(" ".join)


def close(text: str, cuts: list[int] | None = None, phrase: str = PHRASE) -> str:
    return run_in_pieces(ClosingPhrase(phrase), text, cuts or [])


@pytest.mark.parametrize(
    ("reply", "closed"),
    [
        ("반가워요!", f"반가워요! {PHRASE}"),
        (f"반가워요! {PHRASE}", f"반가워요! {PHRASE}"),
        ("반가워요! 언제든 물어보세요! 풋풋~", f"반가워요! {PHRASE}"),
        ("반가워요!\n\n언제든지 물어보세요 풋풋 ⚽⚽", f"반가워요! {PHRASE}"),
        ("반가워요! 언제든지 물어봐 주세요!", f"반가워요! {PHRASE}"),
        ("반가워요! 풋풋!", f"반가워요! {PHRASE}"),
        ("반가워요! 언제든지 물어", f"반가워요! {PHRASE}"),
        ("궁금하면 언제든지 물어보세요! 풋풋~!", f"궁금하면 {PHRASE}"),
        (f"{PHRASE} 공은 5호예요.", f"공은 5호예요. {PHRASE}"),
        (f"{PHRASE} {PHRASE}", PHRASE),
        ("", PHRASE),
    ],
)
def test_the_exact_phrase_ends_the_reply_once(reply: str, closed: str) -> None:
    assert close(reply) == closed


@pytest.mark.parametrize(
    "reply", ["풋풋한 마음이에요.", "모르는 건 언제든지 물어보세요! 다음 경기는 토요일이에요.", "언제 올까요?"]
)
def test_words_that_only_resemble_the_phrase_stay(reply: str) -> None:
    assert close(reply) == f"{reply} {PHRASE}"


def test_an_empty_phrase_lets_everything_pass() -> None:
    assert close("  그대로 \n", phrase="") == "  그대로 \n"


def test_a_phrase_of_signs_only_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a letter"):
        ClosingPhrase("~!")


@given(texts, st.lists(st.integers(0, 200), max_size=12))
def test_output_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    assert close(text, cuts) == close(text)


@given(texts)
def test_the_phrase_stands_at_the_end_and_nowhere_else(text: str) -> None:
    assert close(text).endswith(PHRASE)
    assert close(text).count(PHRASE) == 1


@given(plain_texts, st.sampled_from(VARIANTS), plain_texts)
def test_closing_twice_changes_nothing(before: str, variant: str, after: str) -> None:
    once = close(f"{before} {variant} {after}")
    assert close(once) == once
