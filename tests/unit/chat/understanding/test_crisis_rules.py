"""The rule file keeps its own promises: bounded patterns, known names, sensible levels."""

import pytest

from chat.understanding.crisis_rules import CrisisRuleError, compile_pattern, load_rules


@pytest.mark.parametrize("pattern", ["죽.*싶", "죽+", "죽{2,}"])
def test_a_repeat_without_an_upper_bound_is_refused(pattern: str) -> None:
    with pytest.raises(CrisisRuleError, match="upper bound"):
        compile_pattern(pattern, {})


def test_an_unknown_fragment_is_refused() -> None:
    with pytest.raises(CrisisRuleError, match="<nobody>"):
        compile_pattern("<nobody>", {})


def test_a_blank_is_optional_and_a_gap_ends_with_the_sentence() -> None:
    pattern = compile_pattern("다 끝…싶", {})
    assert pattern.search("다끝내고 싶어")
    assert not pattern.search("다 끝났다. 먹고 싶다")


def test_rule_names_are_unique_and_levels_in_range() -> None:
    rules = load_rules().rules
    assert len({rule.name for rule in rules}) == len(rules)
    assert {rule.level for rule in rules} == {0, 1, 2, 3, 4}
