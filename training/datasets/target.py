"""Records → a file that is there whole or not at all: JSON lines, or one JSON array where its name ends in .json."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from training.datasets.assembly import Fields


class RecordWriter:
    def __init__(self, file: IO[str], *, is_array: bool) -> None:
        self._file = file
        self._is_array = is_array
        self.records = 0

    def write(self, fields: Fields) -> None:
        if self._is_array:
            self._file.write(",\n" if self.records else "[\n")
        self._file.write(json.dumps(fields, ensure_ascii=False))
        if not self._is_array:
            self._file.write("\n")
        self.records += 1

    def finish(self) -> None:
        if self._is_array:
            self._file.write("\n]\n" if self.records else "[]\n")


@contextmanager
def open_target(path: Path) -> Iterator[RecordWriter]:
    """Written beside its place and renamed; left as it was if anything is raised."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            writer = RecordWriter(file, is_array=path.suffix.lower() == ".json")
            yield writer
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
