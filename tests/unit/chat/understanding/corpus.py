"""The labelled lines of tests/corpora/crisis_ko.tsv: what was said, and whether the card has to appear."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORPUS_FILE = Path(__file__).parents[3] / "corpora" / "crisis_ko.tsv"


@dataclass(frozen=True, slots=True)
class Line:
    split: str  # "dev", or "sealed-N": written after a freeze of the rules, see docs/decisions/crisis-rules.md
    kind: str
    level: int
    style: str
    recent: tuple[str, ...]
    text: str


@cache
def read_corpus() -> tuple[Line, ...]:
    with CORPUS_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(_read_line(row) for row in rows)


def _read_line(row: dict[str, str]) -> Line:
    return Line(
        split=row["split"],
        kind=row["kind"],
        level=int(row["level"]),
        style=row["style"],
        recent=tuple(earlier for earlier in row["recent"].split("|") if earlier),
        text=row["text"].replace("\\n", "\n"),
    )
