"""Reads tests/corpora/pii_ko.tsv (split, text; identifiers marked as {kind:surface}) and measures a masking of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from chat.pseudonyms.mask import Masked, Masker
from chat.pseudonyms.spans import Span
from mymary_site.env import REPOSITORY

CORPUS = REPOSITORY / "tests" / "corpora" / "pii_ko.tsv"
MARK = re.compile(r"\{([a-z]+):([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    split: str
    text: str
    identifiers: tuple[Span, ...]


@dataclass(slots=True)
class Figures:
    written: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    overmasked: list[str] = field(default_factory=list)

    def recall(self, *kinds: str) -> float:
        return sum(self.masked[kind] for kind in kinds) / sum(self.written[kind] for kind in kinds)

    def overmasking(self) -> float:
        return len(self.overmasked) / self.clean


def read_lines() -> list[Line]:
    rows = (row.split("\t") for row in CORPUS.read_text(encoding="utf-8").splitlines()[1:])
    return [read_line(split, marked) for split, marked in rows]


def read_line(split: str, marked: str) -> Line:
    text, identifiers, position = "", [], 0
    for match in MARK.finditer(marked):
        text += marked[position : match.start()]
        identifiers.append(Span(match[1], len(text), len(text) + len(match[2])))
        text += match[2]
        position = match.end()
    return Line(split, text + marked[position:], tuple(identifiers))


@cache
def measure(split: str) -> Figures:
    figures = Figures()
    for line in (line for line in read_lines() if line.split == split):
        masked = Masker().mask(line.text)
        if not line.identifiers:
            figures.clean += 1
            figures.overmasked += [line.text] if masked.findings else []
        for identifier in line.identifiers:
            figures.written[identifier.kind] += 1
            figures.masked[identifier.kind] += is_gone(identifier, line.text, masked)
    return figures


def is_gone(identifier: Span, text: str, masked: Masked) -> bool:
    """Whether no character of it but blanks is left, whatever kind it was taken for."""
    covered = {index for finding in masked.findings for index in range(finding.start, finding.end)}
    return all(index in covered or text[index].isspace() for index in range(identifier.start, identifier.end))
