"""Finds and ends what an earlier launcher of the same run left behind: one that was killed could not clean up.

Every process of a run carries the run's folder in its environment. A lock held for the launcher's life tells a
leftover from a run that is still alive.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from mymary_site.stack.layout import Layout
from mymary_site.stack.refusals import already_running

TAG = "MARY_RUN_HOME"
GENTLE_SECONDS = 12
HARD_SECONDS = 5


@contextmanager
def hold_lock(layout: Layout, port: int) -> Iterator[None]:
    """The kernel lets go of it when the launcher dies, however it dies."""
    with open(layout.lock, "w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise already_running(port) from error
        yield


def list_leftovers(layout: Layout) -> list[psutil.Process]:
    found = [process for process in psutil.process_iter() if _belongs_to(process, layout)]
    postmaster = _find_postmaster(layout)
    return [*found, postmaster] if postmaster and postmaster not in found else found


def end_leftovers(layout: Layout, leftovers: list[psutil.Process], *, gently: bool = True) -> None:
    """Gently: supervisord first, which stops its programs in order; then whoever is left."""
    if gently:
        supervisors = [process for process in leftovers if process.pid == _read_pid(layout.supervisor_pid)]
        _send(supervisors or leftovers, signal.SIGTERM, layout)
        psutil.wait_procs(leftovers, timeout=GENTLE_SECONDS)
    remaining = list_leftovers(layout)
    _send(remaining, signal.SIGKILL, layout)
    psutil.wait_procs(remaining, timeout=HARD_SECONDS)


def _send(processes: list[psutil.Process], number: signal.Signals, layout: Layout) -> None:
    postmaster = _find_postmaster(layout)
    # PostgreSQL's own words for "now" and "at once": both leave its shared memory tidy.
    theirs = signal.SIGQUIT if number == signal.SIGKILL else signal.SIGINT
    for process in processes:
        try:
            process.send_signal(theirs if process == postmaster else number)
        except psutil.NoSuchProcess:
            continue


def _belongs_to(process: psutil.Process, layout: Layout) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(TAG) == str(layout.home)
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False


def _find_postmaster(layout: Layout) -> psutil.Process | None:
    """By its pid file as well: PostgreSQL overwrites the memory that holds its environment."""
    pid = _read_pid(layout.data / "postgres" / "postmaster.pid")
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and str(layout.data / "postgres") in process.cmdline() else None
    except psutil.NoSuchProcess:
        return None


def _read_pid(path: "os.PathLike[str]") -> int | None:
    try:
        with open(path) as stream:
            return int(stream.readline())
    except (FileNotFoundError, ValueError):
        return None
