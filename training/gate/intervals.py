"""How far a figure of few cases may be trusted: Wilson's interval of a share, and a paired bootstrap over talks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Z: Final = 2.576
"""Two-sided 99 %, so 0.5 % on the side that refuses: the gate asks some thirty questions of one candidate, and a good
one should seldom fail any by chance."""
TAIL: Final = 0.5  # per cent
RESAMPLES: Final = 4000

Interval = tuple[float, float]
Sums = NDArray[np.float64]
Statistic = Callable[[Sums], Any]
"""[..., columns] sums over cases → [...] figures."""


def compute_wilson(successes: int, number: int) -> Interval:
    """Of a share (Wilson 1927). Holds for 0 of 20, where the plain normal interval has no width."""
    if number == 0:
        return 0.0, 1.0
    share, square = successes / number, Z * Z / number
    middle = (share + square / 2) / (1 + square)
    reach = Z / (1 + square) * math.sqrt(share * (1 - share) / number + square / (4 * number))
    return max(0.0, middle - reach), min(1.0, middle + reach)


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
