"""A reader of a token log gets every code point once and in order, whatever repeats and overlaps the log holds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chat.token_log import Entry, LogCursor

TEXTS = st.text(alphabet="가나다🙂 e\u0301\n", min_size=1, max_size=30)
CUTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12)


def slice_entries(text: str, cuts: list[tuple[int, int]], attempt: int = 1) -> list[Entry]:
    """Any pieces of the text, each at its true offset, in any order and overlapping at will."""
    return [Entry(attempt, min(a, b, len(text)), text[min(a, b) : max(a, b)]) for a, b in cuts]


def cut_whole(text: str, cuts: list[tuple[int, int]], attempt: int = 1) -> list[Entry]:
    """The whole text in order, cut at the given places: what a writer writes that begins again."""
    borders = sorted({0, len(text), *(min(a, len(text)) for a, _ in cuts)})
    return [Entry(attempt, a, text[a:b]) for a, b in pairwise(borders)]


def read(cursor: LogCursor, entries: list[Entry]) -> str:
    taken = [fresh for entry in entries if (fresh := cursor.take(entry)) is not None]
    return "".join(entry.text for entry in taken if entry.attempt == cursor.attempt)


@given(TEXTS, CUTS)
def test_what_was_read_is_always_the_beginning_of_the_text(text, cuts):
    cursor = LogCursor()
    assert read(cursor, slice_entries(text, cuts)) == text[: cursor.offset]


@given(TEXTS, CUTS, CUTS)
def test_a_rewritten_log_completes_the_text_without_a_repeat(text, before, cuts):
    cursor = LogCursor()
    assert read(cursor, slice_entries(text, before) + cut_whole(text, cuts)) == text


@given(TEXTS, CUTS, st.integers(0, 30))
def test_a_returning_client_gets_the_rest_and_only_the_rest(text, cuts, offset):
    held = text[:offset]
    assert held + read(LogCursor(1, len(held)), cut_whole(text, cuts)) == text


@given(TEXTS, TEXTS, CUTS, CUTS, st.data())
def test_a_fenced_off_writer_leaves_no_trace(old, new, old_cuts, new_cuts, data):
    entries = cut_whole(new, new_cuts, attempt=2)
    for late in slice_entries(old, old_cuts, attempt=1):
        entries.insert(data.draw(st.integers(1, len(entries))), late)
    assert read(LogCursor(), slice_entries(old, old_cuts) + entries) == new


@given(TEXTS, CUTS)
def test_the_end_is_told_with_the_last_text(text, cuts):
    *entries, last = cut_whole(text, cuts)
    cursor = LogCursor()
    read(cursor, entries)
    taken = cursor.take(Entry(last.attempt, last.offset, last.text, is_end=True))
    assert taken is not None
    assert taken.is_end
    assert cursor.offset == len(text)


def test_a_gap_is_waited_at_not_jumped_over():
    cursor = LogCursor(1, 2)
    assert cursor.take(Entry(1, 3, "라")) is None
    assert cursor.take(Entry(1, 1, "나다라")) == Entry(1, 2, "다라")


def test_a_newer_attempt_begins_again_at_zero():
    cursor = LogCursor(1, 5)
    assert cursor.take(Entry(2, 0, "다시")) == Entry(2, 0, "다시")
    assert (cursor.attempt, cursor.offset) == (2, 2)


def test_offsets_count_code_points_not_bytes_or_utf16():
    cursor = LogCursor(1, 1)
    assert cursor.take(Entry(1, 0, "🙂가")) == Entry(1, 1, "가")
