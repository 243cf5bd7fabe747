"""Detection rules as data: rules/*.toml, each rule a kind and patterns whose first group, if any, is what gets masked.

`⟨word⟩` in a pattern stands for a fragment of the same file. A repeat without an upper bound is refused when loading,
so that no text can make a rule slow.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chat.pseudonyms.spans import Span

RULES_FOLDER = Path(__file__).with_name("rules")
FILES = ("numbers.toml", "online.toml", "places.toml", "nicknames.toml", "spoken.toml")
_FRAGMENT = re.compile(r"⟨(\w{1,40})⟩")
_OPEN_ENDED = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\})")
_BRACKETED = re.compile(r"\[(?:\\.|[^\]\\])*\]")


class PatternError(ValueError):
    """A detection rule is malformed."""


@dataclass(frozen=True, slots=True)
class Rule:
    kind: str
    pattern: re.Pattern[str]
    # The shape alone settles it, even where it contains a protected number: 010-1388-0000 is no crisis line.
    is_sure: bool


def find_by_rules(plain: str) -> Iterator[tuple[Span, bool]]:
    """Each span with whether its rule is sure of it."""
    for rule in load_rules():
        group = 1 if rule.pattern.groups else 0
        for match in rule.pattern.finditer(plain):
            if match.end(group) > match.start(group):
                yield Span(rule.kind, match.start(group), match.end(group)), rule.is_sure


@cache
def load_rules() -> tuple[Rule, ...]:
    return tuple(rule for name in FILES for rule in _read_file(RULES_FOLDER / name))


def compile_pattern(pattern: str, fragments: dict[str, str]) -> re.Pattern[str]:
    expanded = pattern
    while _FRAGMENT.search(expanded):
        expanded = _FRAGMENT.sub(lambda match: _look_up(match[1], fragments), expanded)
    if _OPEN_ENDED.search(_BRACKETED.sub("x", expanded)):
        raise PatternError(f"repeat without an upper bound in {pattern!r}")
    return re.compile(expanded)


def _read_file(file: Path) -> Iterator[Rule]:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    fragments = {name: _join(words) for name, words in table.get("fragments", {}).items()}
    for entry in table["rule"]:
        for pattern in entry["patterns"]:
            yield Rule(entry["kind"], compile_pattern(pattern, fragments), entry.get("sure", False))


def load_fragment(name: str, file: str) -> str:
    table = tomllib.loads((RULES_FOLDER / file).read_text(encoding="utf-8"))
    return _join(table["fragments"][name])


def _join(words: str | list[str]) -> str:
    return words if isinstance(words, str) else f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


def _look_up(name: str, fragments: dict[str, str]) -> str:
    if name not in fragments:
        raise PatternError(f"unknown fragment ⟨{name}⟩")
    return fragments[name]
