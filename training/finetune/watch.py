"""Notices a preference run that pushes the better answers down too, only less far than the worse ones."""

from __future__ import annotations

import itertools
from collections import deque
from statistics import fmean

WINDOW = 10
"""Steps that are averaged before they are compared."""
WINDOWS = 3
FALLEN_NATS = 0.5
"""How much less likely a token of a better answer is than under the parent, on average, before it counts."""


class CollapseWatch:
    def __init__(self) -> None:
        self._rows: deque[tuple[float, float]] = deque(maxlen=WINDOW * WINDOWS)

    def has_collapsed(self, *, chosen_gain: float, margin: float) -> bool:
        """Takes one step. `chosen_gain`: mean of log π − log π_parent for a token of the chosen answers, in nats.

        True when over the last windows the chosen answers fell in each, the margin rose in each, and they are
        FALLEN_NATS below the parent: Pal et al. 2024 ("Smaug") describe this failure of DPO.
        """
        self._rows.append((chosen_gain, margin))
        if len(self._rows) < WINDOW * WINDOWS:
            return False
        rows = list(self._rows)
        means = [
            tuple(fmean(values) for values in zip(*rows[start : start + WINDOW], strict=True))
            for start in range(0, len(rows), WINDOW)
        ]
        steps = list(itertools.pairwise(means))
        is_falling = all(after[0] < before[0] for before, after in steps)
        is_widening = all(after[1] > before[1] for before, after in steps)
        return is_falling and is_widening and means[-1][0] < -FALLEN_NATS
