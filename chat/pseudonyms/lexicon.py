"""Whether a word can be read as ordinary Korean: a noun with its particles, two nouns in one, or a form of a verb.

Asked only of words that could begin with a name: what the dictionary explains needs no name, what it does not explain
most likely is one. The dictionary is rules/lexicon.toml, what may follow in rules/endings.toml.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from chat.pseudonyms.patterns import RULES_FOLDER, compile_pattern

_LONGEST_NOUN = 5
_ADVERBS = frozenset("안못잘")  # often written in one with their verb: 안해요
_LONGEST_BASE = 5  # of a verb, before its ending: 기다렸-


class Reading(IntEnum):
    NONE = 0
    LOOSE = 1  # a noun of one syllable and a particle
    FORCED = 2  # two nouns in one, a noun with a syllable that makes others
    NOUN = 3
    VERB = 4


@dataclass(frozen=True, slots=True)
class Lexicon:
    nouns: frozenset[str]
    rare_nouns: frozenset[str]
    suffixes: frozenset[str]
    compounding: frozenset[str]
    after_nouns: re.Pattern[str]
    light_verbs: re.Pattern[str]
    joining: frozenset[str]
    counted: re.Pattern[str]
    helping: frozenset[str]  # how verbs begin that are joined to another: 골라+주다
    # For each form a verb takes: the verbs in that form, and the endings it stands before.
    verbs: tuple[tuple[frozenset[str], re.Pattern[str]], ...]

    def explains(self, word: str) -> Reading:
        """How well the word reads without a name in it."""
        if self._is_verb(word):
            return Reading.VERB
        if self.counted.match(word):
            return Reading.NOUN
        return max(self._read(word[:end], word[end:]) for end in range(1, min(len(word), _LONGEST_NOUN) + 1))

    def _read(self, noun: str, rest: str) -> Reading:
        if noun not in self.nouns:
            return Reading.NONE
        if len(noun) > 1 and (self.light_verbs.fullmatch(rest) or (len(rest) > 1 and self._is_verb_form(rest))):
            return Reading.VERB
        if self.after_nouns.fullmatch(rest):
            return Reading.NOUN if len(noun) > 1 or len(rest) > 1 else Reading.LOOSE
        if len(noun) == 1:
            is_compound = noun in self.compounding and self._is_noun(rest)
            return Reading.FORCED if is_compound else Reading.NONE
        is_forced = rest[0] in self.suffixes and self.after_nouns.fullmatch(rest[1:])
        return Reading.FORCED if is_forced or self._is_noun(rest) else Reading.NONE

    def _is_noun(self, word: str) -> bool:
        return any(
            word[:end] in self.nouns and self.after_nouns.fullmatch(word[end:])
            for end in range(2, min(len(word), _LONGEST_NOUN) + 1)
        )

    def _is_verb(self, word: str) -> bool:
        return self._is_verb_form(word) or (word[0] in _ADVERBS and self._is_verb_form(word[1:]))

    def _is_verb_form(self, word: str, helpers: int = 2) -> bool:
        """`helpers`: how many verbs may hang on the first, as two do on 골라-다-줬어요."""
        for end in range(1, min(len(word), _LONGEST_BASE) + 1):
            base, rest = word[:end], word[end:]
            if any(base in bases and endings.fullmatch(rest) for bases, endings in self.verbs):
                return True
            is_joined = helpers and base in self.joining and rest[:1] in self.helping
            if is_joined and self._is_verb_form(rest, helpers - 1):
                return True
        return False


@cache
def load_lexicon() -> Lexicon:
    words = tomllib.loads((RULES_FOLDER / "lexicon.toml").read_text(encoding="utf-8"))
    endings = tomllib.loads((RULES_FOLDER / "endings.toml").read_text(encoding="utf-8"))
    rare_nouns = frozenset(words["rare_nouns"].split())
    return Lexicon(
        nouns=rare_nouns | frozenset(words["nouns"].split()),
        rare_nouns=rare_nouns,
        compounding=frozenset(endings["compounding"]),
        suffixes=frozenset(endings["suffixes"]),
        after_nouns=compile_pattern(f"{endings['after_nouns']}|{endings['copula']}", {}),
        light_verbs=compile_pattern(endings["light_verbs"], {}),
        joining=frozenset(words["a"].split()),
        counted=compile_pattern(endings["counted"], {}),
        helping=frozenset(endings["helping"]),
        verbs=tuple(
            (frozenset(words[form].split()), compile_pattern(pattern, {})) for form, pattern in endings["after"].items()
        ),
    )
