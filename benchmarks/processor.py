"""Processor time of processes: what wall clocks do not show on a machine that has other work."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import psutil


def read_processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of their children, so far."""
    total = 0.0
    for pid in pids:
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a child of PostgreSQL may end at any time
                times = process.cpu_times()
                total += times.user + times.system
    return total
