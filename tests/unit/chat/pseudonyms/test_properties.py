"""What must hold for any text at all."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.pseudonyms.mask import Masker
from chat.understanding.crisis_card import allowed_numbers
from tests.unit.chat.pseudonyms.corpus import read_lines

PIECES = st.sampled_from(
    [line.text for line in read_lines()[::7]] + ["[이름1]", "[전화12]이", " ", "\n", "109", "박준호가"]
)
TEXTS = st.one_of(st.text(max_size=120), st.lists(PIECES | st.text(max_size=12), max_size=5).map(" ".join))


@given(TEXTS)
@settings(deadline=None, max_examples=300)
def test_masking_twice_is_masking_once(text: str) -> None:
    masker = Masker()
    once = masker.mask(text).text
    assert masker.mask(once).text == once
    assert Masker().mask(once).text == once


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_findings_are_in_order_and_never_overlap(text: str) -> None:
    findings = Masker().mask(text).findings
    assert all(0 <= finding.start < finding.end <= len(text) for finding in findings)
    assert all(one.end <= other.start for one, other in pairwise(findings))


@given(TEXTS, st.sampled_from(sorted(allowed_numbers())), TEXTS)
@settings(deadline=None, max_examples=200)
def test_crisis_lines_survive_inside_any_text(before: str, number: str, after: str) -> None:
    masked = Masker().mask(f"{before}\n저는 {number}에 전화했어요\n{after}").text
    assert re.search(rf"(?<!\d){number}(?!\d)", masked)
