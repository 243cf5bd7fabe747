"""Spans and what is done with many of them: drop, join, sort. Half-open, as slices are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chat.pseudonyms.kinds import RANKS


@dataclass(frozen=True, slots=True)
class Span:
    kind: str
    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def join_overlapping(spans: Iterable[Span]) -> list[Span]:
    """Disjoint and sorted: those that overlap become one, of the surest kind among them."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            kind = min(last.kind, span.kind, key=RANKS.__getitem__)
            joined[-1] = replace(last, kind=kind, end=max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def drop_touching(spans: Iterable[Span], protected: Iterable[Span]) -> list[Span]:
    fences = list(protected)
    return [span for span in spans if not any(span.overlaps(fence) for fence in fences)]
