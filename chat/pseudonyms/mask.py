"""One conversation's masking: the same person, number or place carries the same placeholder in all its texts.

A Masker keeps originals in memory only as long as it lives; what it returns holds none. Masking what is already masked
changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chat.pseudonyms.detect import detect
from chat.pseudonyms.kinds import KINDS_BY_NOUN, NOUNS, PLACEHOLDER
from chat.pseudonyms.particles import adapt_particle, ends_in_consonant
from chat.pseudonyms.reading import read_plain
from chat.pseudonyms.spans import Span

_NUMBERS = frozenset({"phone", "rrn", "card", "account", "birth"})
_SPOKEN_DIGITS = str.maketrans("공영빵일이삼사오육륙칠팔구oO", "000123456678900")


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something of this kind stood in the original text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    text: str
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Draft:
    """A partly masked text that knows, for each of its characters, which part of the original it stands for."""

    text: str
    origins: list[tuple[int, int]]


@dataclass(slots=True, repr=False)
class Masker:
    """State of one conversation; feed it its texts in their order."""

    _placeholders: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def mask(self, text: str) -> Masked:
        """Repeated until nothing more is found, as a placeholder can change how its neighbours read."""
        self._skip_numbers_in(text)
        draft = _Draft(text, [(index, index + 1) for index in range(len(text))])
        findings: list[Finding] = []
        while spans := detect(draft.text, self._list_expected_names()):
            findings += [Finding(s.kind, draft.origins[s.start][0], draft.origins[s.end - 1][1]) for s in spans]
            draft = self._replace(draft, spans)
        return Masked(draft.text, tuple(sorted(findings, key=lambda finding: finding.start)))

    def _replace(self, draft: _Draft, spans: list[Span]) -> _Draft:
        done = _Draft("", [])
        position = 0
        for span in spans:
            _copy(draft, position, span.start, done)
            placeholder = self._name_placeholder(span.kind, draft.text[span.start : span.end])
            particle, position = adapt_particle(NOUNS[span.kind], draft.text, span.end)
            origin = (draft.origins[span.start][0], draft.origins[position - 1][1])
            done.text += placeholder + particle
            done.origins += [origin] * len(placeholder + particle)
        _copy(draft, position, len(draft.text), done)
        return done

    def _name_placeholder(self, kind: str, original: str) -> str:
        key = self._find_same_person(_identify(kind, original)) if kind == "name" else _identify(kind, original)
        if (kind, key) not in self._placeholders:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._placeholders[kind, key] = f"[{NOUNS[kind]}{self._counts[kind]}]"
        return self._placeholders[kind, key]

    def _find_same_person(self, name: str) -> str:
        """준호 and 박준호 are one person as long as the conversation knows only one of them."""
        alike = [known for known in self._list_known_names() if _is_same_person(known, name)]
        return alike[0] if len(alike) == 1 and name not in self._list_known_names() else name

    def _list_known_names(self) -> set[str]:
        return {key for kind, key in self._placeholders if kind == "name"}

    def _list_expected_names(self) -> set[str]:
        """Known names, and the given names in them: after 박준호, 준호 is one too."""
        known = self._list_known_names()
        return known | {name[1:] for name in known if len(name) == 3}

    def _skip_numbers_in(self, text: str) -> None:
        for match in PLACEHOLDER.finditer(text):
            kind = KINDS_BY_NOUN[match[1]]
            self._counts[kind] = max(self._counts.get(kind, 0), int(match[2]))


def _copy(source: _Draft, start: int, end: int, target: _Draft) -> None:
    target.text += source.text[start:end]
    target.origins += source.origins[start:end]


def _identify(kind: str, original: str) -> str:
    """One key for all spellings of the same thing."""
    plain = re.sub(r"\s", "", read_plain(original).text)
    if kind in _NUMBERS:
        digits = re.sub(r"\D", "", plain.translate(_SPOKEN_DIGITS))
        return digits or plain
    if kind == "name" and len(plain) > 2 and plain[-1] == "이" and ends_in_consonant(plain[:-1]):
        return plain[:-1]  # 지훈이 is 지훈
    return plain.lower().removeprefix("@")


def _is_same_person(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 2 and 1 <= len(long) - len(short) <= 2 and long.endswith(short)
