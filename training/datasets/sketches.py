"""Counts of bounded size over any number of values: how values are spread, and which are the most frequent."""

from __future__ import annotations

from collections import Counter
from typing import Final

LEADING_BITS: Final = 10


class Histogram:
    """Whole numbers by their ten leading bits: exact below 1024, else at most 0.2 % too low."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.sum = 0
        self.longest = 0

    def add(self, value: int) -> None:
        dropped = max(value.bit_length() - LEADING_BITS, 0)
        self._buckets[value >> dropped << dropped] += 1
        self.count += 1
        self.sum += value
        self.longest = max(self.longest, value)

    def get_quantile(self, share: float) -> int:
        """The smallest value that at least `share` of all values do not exceed; 0 without any."""
        below = 0
        for bucket, count in sorted(self._buckets.items()):
            below += count
            if below >= share * self.count:
                return bucket
        return 0


class FrequentTexts:
    """Misra and Gries' counters (1982), thinned in batches. Each count is at most `error` too low, and never too high.

    With n texts added, `error` is at most n / capacity; it is 0 while no more than 2 · capacity differ.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._counts: Counter[str] = Counter()
        self.error = 0

    def add(self, text: str) -> None:
        self._counts[text] += 1
        if len(self._counts) > 2 * self._capacity:
            self._thin()

    def list_most_frequent(self, number: int) -> list[tuple[str, int]]:
        return self._counts.most_common(number)

    def _thin(self) -> None:
        """Taking the same from all cancels capacity + 1 texts against each other for every one that is taken."""
        cut = sorted(self._counts.values(), reverse=True)[self._capacity]
        self._counts = Counter({text: count - cut for text, count in self._counts.items() if count > cut})
        self.error += cut
