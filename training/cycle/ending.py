"""How watching comes to its end, and the exception that carries it out of the middle of a run."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """Of what is watched. Only some of them are the row's own end."""

    FAILED = "failed"
    CANCELLED = "cancelled"  # by a person, or because its texts were withdrawn
    LEFT = "left"  # this worker is shutting down: the row goes back to the queue
    LOST = "lost"  # somebody else holds the row: not a word more


class RunStopped(Exception):
    """`code` is a key of run_refusals.RUN_ERRORS; `detail` is for staff."""

    def __init__(self, ending: Ending, code: str = "", detail: str = "") -> None:
        super().__init__(f"{ending} {code} {detail}".strip())
        self.ending = ending
        self.code = code
        self.detail = detail


def fail(code: str, detail: str = "") -> RunStopped:
    return RunStopped(Ending.FAILED, code, detail)


def cancel(code: str) -> RunStopped:
    return RunStopped(Ending.CANCELLED, code)
