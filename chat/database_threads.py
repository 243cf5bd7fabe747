"""Blocking database work off the event loop, several pieces at a time.

Channels' default runs all of a process's database work in one thread, one piece after another: with 200 sockets the
last one waits for 199 commits. Each thread takes a connection from the pool and gives it back afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")


def in_database_thread(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """`await in_database_thread(flow)(arguments)`."""
    called: Callable[P, Awaitable[T]] = database_sync_to_async(work, thread_sensitive=False)
    return called
