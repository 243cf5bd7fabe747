"""Filters in a chain: what one gives out, the next takes in, also at the end."""

from hypothesis import given
from hypothesis import strategies as st

from chat.tone.closing_phrase import ClosingPhrase
from chat.tone.filters import FilterChain
from chat.tone.phone_guard import PLACEHOLDER, PhoneGuard
from chat.tone.repetition_stop import RepetitionStop
from chat.tone.reply_trim import ReplyTrim
from tests.unit.chat.tone.cuts import run_in_pieces


def make_chain() -> FilterChain:
    return FilterChain([ReplyTrim(), RepetitionStop(), PhoneGuard(frozenset({"109"})), ClosingPhrase("풋풋!")])


def test_every_filter_does_its_part() -> None:
    assert run_in_pieces(make_chain(), "\n 109 말고 988\n\n\n\n풋풋~ ") == f"109 말고 {PLACEHOLDER} 풋풋!"


def test_an_empty_chain_lets_everything_pass() -> None:
    assert run_in_pieces(FilterChain([]), " 그대로 ") == " 그대로 "


@given(st.text(alphabet="0198-번 \n풋!가.", max_size=60), st.lists(st.integers(0, 60), max_size=12))
def test_the_chain_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    assert run_in_pieces(make_chain(), text, cuts) == run_in_pieces(make_chain(), text)
