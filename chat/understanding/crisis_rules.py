"""Loads crisis_rules.toml once: expands its notation, refuses patterns that could be slow, compiles the rest."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RULES_FILE = Path(__file__).with_name("crisis_rules.toml")
_GAP = r"[^.!?\n]{0,14}"
_FRAGMENT = re.compile(r"<([a-z_]+)>")
_OPEN_ENDED = re.compile(r"(?<!\\)[*+]|\{\d*,\}")


class CrisisRuleError(ValueError):
    """A crisis rule uses an unknown name or a repeat without an upper bound."""


@dataclass(frozen=True, slots=True)
class CrisisRule:
    name: str
    level: int
    kind: str
    pattern: re.Pattern[str]
    unless: tuple[re.Pattern[str], ...]
    after: int  # the level that a recent message must have reached; 0 = no condition


@dataclass(frozen=True, slots=True)
class CrisisRules:
    rules: tuple[CrisisRule, ...]  # highest level first
    harmless: tuple[re.Pattern[str], ...]
    even_so: re.Pattern[str]


@cache
def load_rules() -> CrisisRules:
    table = tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))
    fragments: dict[str, str] = table["fragments"]
    contexts = {name: compile_pattern(pattern, fragments) for name, pattern in table["contexts"].items()}
    rules = [_read_rule(entry, fragments, contexts) for entry in table["rule"]]
    return CrisisRules(
        rules=tuple(sorted(rules, key=lambda rule: -rule.level)),
        harmless=tuple(compile_pattern("|".join(entry["patterns"]), fragments) for entry in table["harmless"]),
        even_so=compile_pattern("|".join(table["even_so"]["patterns"]), fragments),
    )


def compile_pattern(pattern: str, fragments: dict[str, str]) -> re.Pattern[str]:
    """Expand `<fragment>`, `…` and the optional blank; every repeat must have an upper bound."""
    expanded = _FRAGMENT.sub(lambda match: _look_up(match[1], fragments), pattern)
    if _OPEN_ENDED.search(expanded):
        raise CrisisRuleError(f"repeat without an upper bound in {pattern!r}")
    return re.compile(re.sub(r" (?!\?)", " ?", expanded).replace("…", _GAP))


def _read_rule(entry: dict[str, Any], fragments: dict[str, str], contexts: dict[str, re.Pattern[str]]) -> CrisisRule:
    unknown = set(entry.get("unless", ())) - contexts.keys()
    if unknown:
        raise CrisisRuleError(f"rule {entry['name']!r} names unknown contexts {sorted(unknown)}")
    return CrisisRule(
        name=entry["name"],
        level=entry["level"],
        kind=entry["kind"],
        pattern=compile_pattern("|".join(entry["patterns"]), fragments),
        unless=tuple(contexts[name] for name in entry.get("unless", ())),
        after=entry.get("after", 0),
    )


def _look_up(name: str, fragments: dict[str, str]) -> str:
    if name not in fragments:
        raise CrisisRuleError(f"unknown fragment <{name}>")
    return fragments[name]
