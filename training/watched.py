"""`python -m training.watched MODULE FOLDER …`: runs a module as `python -m` does, for as long as somebody watches.

The watcher holds the other end of stdin and writes a byte every few seconds. When it closes, or falls silent (its
process died, or sleeps), the module is asked to stop by SIGTERM, and ends a little later as it stands. So nothing goes
on training that nobody knows of, and whoever takes over finds the folder free. One process at a time works on a folder:
the lock is the kernel's, and goes with the process, not a moment before. Needs no Django.
"""

from __future__ import annotations

import fcntl
import os
import runpy
import select
import signal
import sys
import threading
from pathlib import Path
from typing import Final

SILENCE_SECONDS: Final = 15.0
"""Shorter than the time after which a run counts as lost (training.cycle.reconcile.STALE_AFTER)."""
GRACE_SECONDS: Final = 4.0
"""For a checkpoint, after SIGTERM."""
ABANDONED: Final = 3
"""As after SIGTERM: the same folder goes on from its last checkpoint."""
REFUSED: Final = 2
LOCK: Final = ".watched"
READ_BYTES: Final = 4096


def main() -> None:
    module, *arguments = sys.argv[1:]
    held = find_lock(Path(arguments[0]))
    if held is None:
        sys.exit(REFUSED)
    threading.Thread(target=end_with_watcher, args=(sys.stdin.fileno(),), daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def find_lock(folder: Path) -> int | None:
    """A descriptor that holds the folder until it is closed; None where a process works on it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_free(folder: Path) -> bool:
    descriptor = find_lock(folder)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def end_with_watcher(descriptor: int) -> None:
    while is_watched(descriptor):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(ABANDONED)


def is_watched(descriptor: int) -> bool:
    """Waits for the next byte; False at the end of the pipe, and after too long a silence."""
    readable, _, _ = select.select([descriptor], [], [], SILENCE_SECONDS)
    return bool(readable) and bool(os.read(descriptor, READ_BYTES))


if __name__ == "__main__":
    main()
