"""Recall and false cards over the whole corpus. These lines are known to the rules: the figures guard against
regressions and say nothing about unseen text (docs/decisions/crisis-rules.md has those)."""

from collections import defaultdict
from collections.abc import Callable

import pytest

from chat.understanding.crisis import assess_crisis
from tests.unit.chat.understanding.corpus import Line, read_corpus


def share(select: Callable[[Line], bool], right: Callable[[Line], bool]) -> float:
    lines = [line for line in read_corpus() if select(line)]
    return sum(map(right, lines)) / len(lines)


def shows_card(line: Line) -> bool:
    return assess_crisis(line.text, line.recent).needs_card


def is_severe(line: Line) -> bool:
    return line.level >= 3


def is_explicit(line: Line) -> bool:
    return line.level == 2 and line.style != "implicit"


def is_implicit(line: Line) -> bool:
    return line.style == "implicit"


def is_harmless(line: Line) -> bool:
    return line.level < 2


@pytest.mark.parametrize(("select", "least"), [(is_severe, 0.99), (is_explicit, 0.98), (is_implicit, 0.90)])
def test_the_card_appears_where_it_must(select: Callable[[Line], bool], least: float) -> None:
    assert share(select, shows_card) >= least


def test_plans_and_acts_are_told_from_ideation() -> None:
    assert share(is_severe, lambda line: assess_crisis(line.text, line.recent).level >= 3) >= 0.95


def test_harmless_talk_brings_no_card() -> None:
    assert share(is_harmless, shows_card) <= 0.05


def test_corpus_is_large_enough_to_mean_something() -> None:
    harmless = sum(map(is_harmless, read_corpus()))
    assert harmless >= 200
    assert len(read_corpus()) - harmless >= 300


def test_table_of_recall_per_kind_is_printed(record_property: Callable[[str, object], None]) -> None:
    cells: dict[tuple[str, int, str], list[bool]] = defaultdict(list)
    for line in read_corpus():
        cells[line.kind, line.level, line.style].append(shows_card(line) == (line.level >= 2))
    rows = [(*cell, f"{sum(hits)}/{len(hits)}") for cell, hits in sorted(cells.items())]
    table = "\n".join(f"{kind:15} {level} {style:10} {right:>7}" for kind, level, style, right in rows)
    print(f"\nright of all, per kind, level and style\n{table}")
    record_property("crisis_recall", table)
    assert len(cells) >= 12
