"""Finds signs of a crisis in one message, by written rules only: no model, no service, no Django.

Runs in the web process before and after generation, so nothing that a model, an adapter or a document says can
switch it off. It reads words, not people: see docs/decisions/crisis-rules.md for what it does not catch.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from chat.understanding.crisis_rules import CrisisRule, load_rules
from chat.understanding.plain_text import read_plainly

CARD_LEVEL = 2
_SENTENCE_END = re.compile(r"[.!?\n]")


@dataclass(frozen=True, slots=True)
class CrisisAssessment:
    """`level`: 0 none, 1 distress, 2 ideation, 3 plan or means, 4 act. `rule`: the first rule of that level."""

    level: int
    kinds: tuple[str, ...]
    rule: str | None

    @property
    def needs_card(self) -> bool:
        return self.level >= CARD_LEVEL


def assess_crisis(text: str, recent: Sequence[str] = ()) -> CrisisAssessment:
    """Assess `text`; `recent` are the same person's earlier messages, read only where a rule depends on them."""
    hits = _find_hits(text)
    conditional = [rule for rule in hits if rule.after]
    if conditional:
        reached = max((assess_crisis(earlier).level for earlier in recent), default=0)
        hits = [rule for rule in hits if rule.after <= reached]
    level = max((rule.level for rule in hits), default=0)
    if level == 0:
        return CrisisAssessment(level=0, kinds=(), rule=None)
    kinds = tuple(dict.fromkeys(rule.kind for rule in hits if rule.kind != "distress" or level == 1))
    return CrisisAssessment(level=level, kinds=kinds, rule=hits[0].name)


def _find_hits(text: str) -> list[CrisisRule]:
    """Rules that fire on any reading of the text, highest level first."""
    readings = [_Reading(_blank_out_harmless(reading)) for reading in read_plainly(text)]
    return [rule for rule in load_rules().rules if any(reading.fires(rule) for reading in readings)]


def _blank_out_harmless(reading: str) -> str:
    for phrase in load_rules().harmless:
        reading = phrase.sub(" ▢ ", reading)
    return reading


class _Reading:
    """One reading with its sentence borders; each sentence is asked at most once per rule, so time stays linear."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in _SENTENCE_END.finditer(text)] + [len(text)]

    def fires(self, rule: CrisisRule) -> bool:
        excused: set[int] = set()
        for hit in rule.pattern.finditer(self._text):
            first = bisect_left(self._ends, hit.start())
            if first in excused:
                continue
            if not _is_excused(rule, self._sentences(first, bisect_left(self._ends, hit.end()))):
                return True
            excused.add(first)
        return False

    def _sentences(self, first: int, last: int) -> str:
        start = self._ends[first - 1] + 1 if first else 0
        return self._text[start : self._ends[last]]


def _is_excused(rule: CrisisRule, sentence: str) -> bool:
    if not rule.unless or load_rules().even_so.search(sentence):
        return False
    return any(context.search(sentence) for context in rule.unless)
