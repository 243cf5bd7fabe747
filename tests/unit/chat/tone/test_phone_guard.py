"""Only the crisis lines of the table may appear in a reply; amounts, dates and scores are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tone.phone_guard import PLACEHOLDER, PhoneGuard
from tests.unit.chat.tone.cuts import run_in_pieces

ALLOWED = frozenset({"109", "1577-0199", "1388", "1366", "119", "112"})
PIECES = [
    "988", "911", "109", "1393", "1577-0199", "010-1234-5678", "02", "3시간", "2026년", " ", ".", "-", "번",
    "으로 전화", "원", "전화 ", "(", "+82", "１", "안녕하세요", "\n", "·", ",",
]  # fmt: skip


def guard(text: str, cuts: list[int] | None = None) -> str:
    return run_in_pieces(PhoneGuard(ALLOWED), text, cuts or [])


@pytest.mark.parametrize(
    "number",
    [
        "010-1234-5678", "010 1234 5678", "01012345678", "０１０－１２３４－５６７８", "010.1234.5678", "02-123-4567",
        "(02) 123-4567", "+82 10-1234-5678", "1588-9191", "15889191", "1577-0198", "1-800-273-8255", "988", "911",
        "1393", "9-8-8", "9 1 1", "1️⃣3️⃣9️⃣3️⃣", "070-1234-5678",
    ],
)  # fmt: skip
def test_a_number_outside_the_table_is_replaced(number: str) -> None:
    assert guard(f"힘들 땐 {number} 여기예요") == f"힘들 땐 {PLACEHOLDER} 여기예요"


def test_the_counter_word_goes_with_the_number() -> None:
    assert guard("1393번으로 전화하세요") == f"{PLACEHOLDER}으로 전화하세요"


@pytest.mark.parametrize("text", ["129로 전화해 보세요", "345에 연락하세요", "전화: 1345", "call 741"])
def test_a_short_number_to_call_is_replaced(text: str) -> None:
    assert PLACEHOLDER in guard(text)


@pytest.mark.parametrize(
    "text",
    [
        "109", "109번으로 전화", "1577-0199", "1577 0199", "109·1388·1366", "119/112", "109, 1577-0199로 연락",
        "3시간", "2026년 11월 21일", "2026-11-21", "2026.11.21", "10000원", "15000000원", "3000-5000원", "1,911명",
        "50mg", "12:30", "10:30~11:30", "3-2로 이겼어요", "100점", "365일", "988원", "120번 버스", "2020-2024",
        "정답률 99.8%", "1. 숨 쉬기\n2. 걷기", "0.12345678", "하루 10분씩 3번",
    ],
)  # fmt: skip
def test_allowed_lines_and_ordinary_figures_stay(text: str) -> None:
    assert guard(text) == text


def test_text_without_digits_is_never_held_back() -> None:
    assert PhoneGuard(ALLOWED).feed("오늘도 ") == "오늘도 "


def test_only_the_unfinished_number_is_held_back() -> None:
    phone_guard = PhoneGuard(ALLOWED)
    assert phone_guard.feed("오늘은 10") == "오늘은 "
    assert phone_guard.feed("시에") == "10시에"


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.lists(st.integers(0, 200), max_size=12))
def test_output_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    assert guard(text, cuts) == guard(text)


@given(st.text(alphabet="0123456789 -.()번로a가,", max_size=80), st.lists(st.integers(0, 80), max_size=12))
def test_any_jumble_of_digits_and_signs_is_cut_independent(text: str, cuts: list[int]) -> None:
    assert guard(text, cuts) == guard(text)
