"""The one shape of every filter over streamed text, and a chain of them.

A filter may hold text back until it can decide; what it has given out it never takes back. For every filter the
joined output depends on the joined input only, never on where the stream happened to be cut.
"""

from collections.abc import Sequence
from typing import Protocol


class TextFilter(Protocol):
    def feed(self, delta: str) -> str:
        """Take the next piece of text, give what may be shown now."""

    def flush(self) -> str:
        """The text has ended: give the rest. Called once."""


class FilterChain:
    """Filters in order; what one gives out, the next takes in."""

    def __init__(self, filters: Sequence[TextFilter]) -> None:
        self._filters = tuple(filters)

    def feed(self, delta: str) -> str:
        for text_filter in self._filters:
            delta = text_filter.feed(delta)
        return delta

    def flush(self) -> str:
        rest = ""
        for text_filter in self._filters:
            rest = text_filter.feed(rest) + text_filter.flush()
        return rest
