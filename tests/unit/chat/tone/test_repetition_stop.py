"""A reply that goes in circles is noticed at its third round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tone.repetition_stop import RepetitionStop
from tests.unit.chat.tone.cuts import run_in_pieces


def test_the_same_sentence_a_third_time_is_a_loop() -> None:
    stop = RepetitionStop()
    assert stop.feed("많이 힘드셨겠어요. " * 5) == "많이 힘드셨겠어요. 많이 힘드셨겠어요. 많이 힘드셨겠어요."
    assert stop.is_looping


def test_the_same_six_words_a_third_time_are_a_loop() -> None:
    stop = RepetitionStop()
    assert stop.feed("하나 둘 셋 넷 다섯 여섯 " * 4) == "하나 둘 셋 넷 다섯 여섯 " * 3
    assert stop.is_looping


@pytest.mark.parametrize("text", ["네! 네! 네! 네!", "많이 힘드셨겠어요. 많이 힘드셨겠어요. 쉬어요.", "ㅎㅎ " * 8])
def test_a_short_refrain_is_not_a_loop(text: str) -> None:
    stop = RepetitionStop()
    assert stop.feed(text) == text
    assert not stop.is_looping


def test_nothing_passes_after_a_loop() -> None:
    stop = RepetitionStop()
    stop.feed("같은 말을 또 해요. " * 3)
    assert stop.feed("더 있어요") == ""


pieces = st.sampled_from(["가나다라마바.", "하나 ", "둘 ", "\n", "네! "])


@given(st.lists(pieces, max_size=40).map("".join), st.lists(st.integers(0, 200), max_size=12))
def test_output_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    assert run_in_pieces(RepetitionStop(), text, cuts) == run_in_pieces(RepetitionStop(), text)
