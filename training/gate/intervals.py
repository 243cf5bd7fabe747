"""How far a figure of few cases may be trusted: a paired bootstrap over talks. Of a share: wilson.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.99
"""Two-sided, so 0.5 % on the side that refuses: the gate asks some thirty questions of one candidate, and a good
one should seldom fail any by chance."""
TAIL: Final = 0.5  # per cent
RESAMPLES: Final = 4000

Interval = tuple[float, float]
Sums = NDArray[np.float64]
Statistic = Callable[[Sums], Any]
"""[..., columns] sums over cases → [...] figures."""


def bootstrap(rows: Sequence[Sequence[float]], talks: Sequence[str], statistic: Statistic, seed: int) -> Interval:
    """Of a figure made from column sums. `rows`: [cases, columns], both sides of a case in one row.

    Whole talks are drawn (Efron and Tibshirani 1993, clusters): answers of one talk are alike.
    """
    names = {name: number for number, name in enumerate(dict.fromkeys(talks))}
    sums = np.zeros((len(names), len(rows[0])))
    np.add.at(sums, [names[talk] for talk in talks], np.asarray(rows, dtype=np.float64))
    draw = np.random.default_rng(seed)
    times = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    found = statistic(times @ sums)
    low, high = np.percentile(found, [TAIL, 100 - TAIL])
    return float(low), float(high)


def bootstrap_mean(values: Sequence[float], talks: Sequence[str], seed: int) -> Interval:
    return bootstrap([(value, 1.0) for value in values], talks, lambda sums: sums[..., 0] / sums[..., 1], seed)
