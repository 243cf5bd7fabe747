"""BLEU and ROUGE-L over Korean morphemes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.texts import compute_rouge_l, measure_closeness

SAID = "비가 와서 젖으셨겠어요. 집에는 어떻게 가셨어요?"


def test_the_same_text_is_as_close_as_can_be() -> None:
    found = measure_closeness([SAID], [SAID])
    assert found.bleu == pytest.approx(100)
    assert found.rouge_l == 1.0
    assert "tok:ko-mecab" in found.bleu_signature


def test_particles_and_endings_count_by_themselves() -> None:
    other = "비는 와서 젖으셨겠네요. 집에는 어떻게 가셨나요?"
    assert 0.5 < measure_closeness([other], [SAID]).rouge_l < 1


def test_nothing_in_common_is_nothing() -> None:
    assert measure_closeness(["축구공"], [SAID]).rouge_l == 0
    assert compute_rouge_l([], ["a"]) == 0


def test_rouge_l_by_hand() -> None:
    assert compute_rouge_l(["a", "b", "c", "d"], ["a", "x", "c", "d", "y"]) == pytest.approx(2 * 3 / (4 + 5))


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_rouge_l_is_symmetric_and_between_nothing_and_all(left: list[str], right: list[str]) -> None:
    assert 0 <= compute_rouge_l(left, right) == compute_rouge_l(right, left) <= 1


def test_as_many_replies_as_references_are_asked_for() -> None:
    with pytest.raises(ValueError, match="1 replies, 0 references"):
        measure_closeness([SAID], [])
