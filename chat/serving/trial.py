"""What has been heard of a trial, reply by reply, as it is kept with its release. Pure.

Replies come in the order of their ends. One waits until the other side has one too; the latest that waits is taken
first, so that the two of a block are as close in time as they can be. Which two meet does not depend on how they went.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

MOST_WAITING: Final = 50
"""Of one side; the oldest of more are too far from whatever comes next to be compared with it."""

Outcome = tuple[bool, ...]  # whether each kind of bad end came true


@dataclass(slots=True)
class Trial:
    blocks: list[tuple[Outcome, Outcome]] = field(default_factory=list)  # the new side's reply, the old side's
    waiting: list[Outcome] = field(default_factory=list)  # all of one side, oldest first
    is_new_waiting: bool = False
    heard_until: tuple[datetime, UUID] | None = None

    def hear(self, is_new: bool, outcome: Outcome, end: tuple[datetime, UUID]) -> None:
        """`end`: when the reply ended, and its id."""
        self.heard_until = end
        if self.waiting and is_new != self.is_new_waiting:
            other = self.waiting.pop()
            self.blocks.append((outcome, other) if is_new else (other, outcome))
            return
        self.is_new_waiting = is_new
        self.waiting = [*self.waiting, outcome][-MOST_WAITING:]

    def dump(self) -> dict[str, Any]:
        """As JSON keeps it."""
        until = self.heard_until and [self.heard_until[0].isoformat(), str(self.heard_until[1])]
        return {
            "blocks": [[_write(new), _write(old)] for new, old in self.blocks],
            "waiting": [_write(outcome) for outcome in self.waiting],
            "is_new_waiting": self.is_new_waiting,
            "heard_until": until,
        }

    @classmethod
    def load(cls, kept: Mapping[str, Any] | None) -> Trial:
        """What `dump` gave; of None, one that has heard nothing."""
        if kept is None:
            return cls()
        until = kept["heard_until"]
        return cls(
            [(_read(new), _read(old)) for new, old in kept["blocks"]],
            [_read(text) for text in kept["waiting"]],
            kept["is_new_waiting"],
            (datetime.fromisoformat(until[0]), UUID(until[1])) if until else None,
        )


def _write(outcome: Outcome) -> str:
    return "".join("1" if came_true else "0" for came_true in outcome)


def _read(text: str) -> Outcome:
    return tuple(letter == "1" for letter in text)
