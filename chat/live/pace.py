"""How many frames one socket may send."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 10.0
PATIENCE: Final = 3
"""So many times the allowed frames in one window, and the socket is closed."""


class FramePace:
    def __init__(self, frames_per_window: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = frames_per_window
        self._clock = clock
        self._times: deque[float] = deque()

    def count(self) -> int:
        """Take note of one frame; return how many came in the window, this one included."""
        now = self._clock()
        while self._times and self._times[0] <= now - WINDOW_SECONDS:
            self._times.popleft()
        self._times.append(now)
        return len(self._times)

    def is_too_fast(self, count: int) -> bool:
        return count > self._allowed

    def is_flood(self, count: int) -> bool:
        return count > self._allowed * PATIENCE
