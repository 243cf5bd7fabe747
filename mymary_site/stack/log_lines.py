"""Follows the processes' log files and prints what is new, each line under its process's name and colour."""

import os
import time
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, TextIO

POLL_SECONDS = 0.2
COLOURS = ("36", "32", "33", "35", "34", "96", "92")  # ANSI foregrounds that read on dark and light
NAME_WIDTH = 8


class FollowedFile:
    """One log file from its present end onwards, across supervisor's rotation (rename, then a new file)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self._rest = b""
        if path.exists():
            self._stream = path.open("rb")
            self._stream.seek(0, os.SEEK_END)

    def read_lines(self) -> Iterator[str]:
        """Whole lines only; the beginning of an unfinished one waits."""
        yield from self._read_stream()
        if self._is_replaced():
            self.close()
            self._stream = self._path.open("rb")
            yield from self._read_stream()

    def close(self) -> None:
        if self._stream:
            self._stream.close()

    def _read_stream(self) -> Iterator[str]:
        if self._stream is None:
            return
        *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")

    def _is_replaced(self) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return self._stream is None or found.st_ino != os.fstat(self._stream.fileno()).st_ino


class Printer:
    """Aligned, coloured prefixes; colour only for a terminal that has not asked to be spared (no-color.org)."""

    def __init__(self, out: TextIO, *, colour: bool) -> None:
        self._out = out
        self._colour = colour
        self._colours: dict[str, str] = {}
        self._next = cycle(COLOURS)

    def print_line(self, name: str, line: str) -> None:
        prefix = f"{name:<{NAME_WIDTH}} |"
        if self._colour:
            prefix = f"\033[{self._colours.setdefault(name, next(self._next))}m{prefix}\033[0m"
        self._out.write(f"{prefix} {line}\n")
        self._out.flush()

    def say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


class LogFollower:
    def __init__(self, log: Path, names: Iterable[str], printer: Printer) -> None:
        self._files = {name: FollowedFile(log / f"{name}.log") for name in names}
        self._printer = printer

    def print_new(self) -> None:
        for name, followed in self._files.items():
            for line in followed.read_lines():
                self._printer.print_line(name, line)

    def close(self) -> None:
        for followed in self._files.values():
            followed.close()

    def print_for(self, seconds: float) -> None:
        """What stands in for `time.sleep` wherever the launcher waits."""
        self.print_new()
        time.sleep(seconds)


def wants_colour(out: TextIO) -> bool:
    return out.isatty() and not os.environ.get("NO_COLOR")
