"""Everything that is wrong with a file: the first faults with their places, and how many there are of each code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from training.datasets.formats import Format
from training.datasets.reading import read_conversations
from training.datasets.repeats import SeenTexts
from training.datasets.source import OnBytes, ignore_bytes
from training.finetune.records import RecordError

SHOWN_FAULTS: Final = 20


@dataclass
class Faults:
    """Counts all, keeps the first few."""

    first: list[RecordError] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, fault: RecordError) -> None:
        self.codes[fault.code] += 1
        if len(self.first) < SHOWN_FAULTS:
            self.first.append(fault)


def inspect_file(path: Path, form: Format, *, on_bytes: OnBytes = ignore_bytes) -> tuple[int, Faults]:
    """The number of good conversations, and the faults. A repeated id is one."""
    faults = Faults()
    good = 0
    with SeenTexts() as seen:
        for where, conversation in read_conversations(path, form, refuse=faults.add, on_bytes=on_bytes):
            if seen.add(conversation.id):
                good += 1
            else:
                faults.add(RecordError("duplicate_id", where, f"{conversation.id!r} came before"))
    return good, faults
