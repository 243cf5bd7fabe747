"""The rule files keep their promises: known kinds, known fragments, bounded repeats."""

from __future__ import annotations

import pytest

from chat.pseudonyms.kinds import NOUNS
from chat.pseudonyms.patterns import PatternError, compile_pattern, load_rules


@pytest.mark.parametrize("pattern", ["가.*나", "가+", r"\d{2,}"])
def test_a_repeat_without_an_upper_bound_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="upper bound"):
        compile_pattern(pattern, {})


def test_an_unknown_fragment_is_refused() -> None:
    with pytest.raises(PatternError, match="⟨nobody⟩"):
        compile_pattern("⟨nobody⟩", {})


def test_signs_inside_brackets_and_escaped_ones_are_no_repeats() -> None:
    assert compile_pattern(r"[*+]\+", {}).fullmatch("*+")


def test_every_rule_is_of_a_known_kind() -> None:
    assert {rule.kind for rule in load_rules()} <= NOUNS.keys()
