"""How far experts agree: Krippendorff's α with interval distance, for each scale and for each person. Pure.

α is 1 where all agree, 0 where they agree as chance would, below 0 where they do worse. It says nothing (None) without
two ratings of one item, or where every rating is the same figure and nothing could have differed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's figure for one scale of one item."""

    item: str
    person: str
    scale: str
    figure: float


@dataclass(frozen=True, slots=True)
class Agreement:
    name: str
    alpha: float | None
    items: int  # with two ratings or more
    ratings: int  # on those items
    lean: float = 0.0  # of a person: how much above the others' mean, in points


def measure_scales(judgements: Iterable[Judgement], scales: Sequence[str]) -> list[Agreement]:
    """One line for each scale, in the order asked for."""
    by_scale: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        by_scale[judgement.scale].append(judgement)
    return [_measure(scale, by_scale[scale]) for scale in scales]


def measure_people(judgements: Iterable[Judgement], scale: str) -> list[Agreement]:
    """Each person against the mean of the others on the items that they share, by name."""
    items = _group([judgement for judgement in judgements if judgement.scale == scale])
    people = sorted({person for figures in items.values() for person in figures})
    return [_measure_person(person, items) for person in people]


def _measure_person(person: str, items: dict[str, dict[str, float]]) -> Agreement:
    rows: list[tuple[str, str, float]] = []
    leans: list[float] = []
    for item, figures in items.items():
        if person in figures:
            others = fmean(figure for other, figure in figures.items() if other != person)
            rows += [("self", item, figures[person]), ("others", item, others)]
            leans.append(figures[person] - others)
    return Agreement(person, compute_alpha(rows), len(leans), len(leans), fmean(leans) if leans else 0.0)


def _measure(name: str, judgements: Sequence[Judgement]) -> Agreement:
    items = _group(judgements)
    rows = [(person, item, figure) for item, figures in items.items() for person, figure in figures.items()]
    return Agreement(name, compute_alpha(rows), len(items), len(rows))


def _group(judgements: Iterable[Judgement]) -> dict[str, dict[str, float]]:
    """Item → person → figure, of items that two or more people judged."""
    items: dict[str, dict[str, float]] = defaultdict(dict)
    for judgement in judgements:
        items[judgement.item][judgement.person] = judgement.figure
    return {item: figures for item, figures in items.items() if len(figures) > 1}


def compute_alpha(rows: Sequence[tuple[str, str, float]]) -> float | None:
    """`rows`: (person, item, figure), two or more to an item."""
    if len({figure for _, _, figure in rows}) < 2:
        return None
    # Slow to import, and needed on one page only.
    from nltk.metrics.agreement import AnnotationTask
    from nltk.metrics.distance import interval_distance

    return float(AnnotationTask(rows, distance=interval_distance).alpha())
