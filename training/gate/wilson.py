"""Wilson's score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22). No NumPy: the web process uses it too."""

from __future__ import annotations

import math
from statistics import NormalDist


def compute_wilson(successes: int, number: int, confidence: float) -> tuple[float, float]:
    """0 to 1 where there is nothing. Holds for 0 of 20, where the plain normal interval has no width."""
    if number == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, square = successes / number, z * z / number
    middle = (share + square / 2) / (1 + square)
    reach = z / (1 + square) * math.sqrt(share * (1 - share) / number + square / (4 * number))
    return max(0.0, middle - reach), min(1.0, middle + reach)
