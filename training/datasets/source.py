"""A file → its records with their places: JSONL line by line, or one JSON array item by item. In flat memory.

A fault is handed to `refuse`. If that does not raise, reading goes on with the next line; a broken JSON array ends
there (BrokenArrayError), because nothing tells where its next item begins. Places count as editors and programmers do:
lines from 1, items from 0.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import ijson
from ijson.common import ObjectBuilder

from training.finetune.records import RecordError

RECORD_BYTES: Final = 64 * 2**20  # far above any conversation; a file without line ends must not fill the memory
NESTING: Final = 64
CHUNK_BYTES: Final = 64 * 2**10
LONE_SURROGATE_HINT: Final = re.compile(rb"\\u[dD][89a-fA-F]")

Refuse = Callable[[RecordError], None]
OnBytes = Callable[[int], object]


@dataclass(frozen=True)
class Record:
    fields: Any
    where: str  # train.jsonl:12 or train.json[12]
    number: int  # the 12 of it


class BrokenArrayError(RecordError):
    """Nothing after this place can be read."""


def raise_fault(fault: RecordError) -> None:
    raise fault


def ignore_bytes(count: int) -> None:
    """For callers that show no progress."""


def read_records(path: Path, refuse: Refuse = raise_fault, on_bytes: OnBytes = ignore_bytes) -> Iterator[Record]:
    """`on_bytes` is told how many more bytes were read."""
    with path.open("rb") as file:
        start, first = _find_content(file)
        if not first:
            refuse(RecordError("empty", path.name, "there is no record in this file"))
            return
        file.seek(start)
        read = _read_array if first == b"[" else _read_lines
        yield from read(file, path.name, refuse, on_bytes)


def _find_content(file: BinaryIO) -> tuple[int, bytes]:
    """Where the text starts, behind a byte order mark, and its first byte that is not blank."""
    start = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
    file.seek(start)
    while chunk := file.read(CHUNK_BYTES):
        if content := chunk.lstrip():
            return start, content[:1]
    return start, b""


def _read_lines(file: BinaryIO, name: str, refuse: Refuse, on_bytes: OnBytes) -> Iterator[Record]:
    number = 0
    while line := file.readline(RECORD_BYTES + 1):
        number += 1
        on_bytes(len(line))
        where = f"{name}:{number}"
        if len(line) > RECORD_BYTES:
            refuse(RecordError("too_big", where, f"a line of more than {RECORD_BYTES} bytes"))
            _skip_line(file, line, on_bytes)
        elif line.strip():
            try:
                fields = _parse_line(line, where)
            except RecordError as fault:
                refuse(fault)
            else:
                yield Record(fields, where, number)


def _skip_line(file: BinaryIO, line: bytes, on_bytes: OnBytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(CHUNK_BYTES)
        on_bytes(len(line))


def _parse_line(line: bytes, where: str) -> Any:
    try:
        fields = json.loads(line.decode())
        if LONE_SURROGATE_HINT.search(line):
            json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise RecordError("not_utf8", where, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise RecordError("not_json", where, str(error)) from error
    return fields


def _read_array(file: BinaryIO, name: str, refuse: Refuse, on_bytes: OnBytes) -> Iterator[Record]:
    counted = _CountedFile(file, on_bytes)
    items = _build_items(ijson.basic_parse(counted, use_float=True, buf_size=CHUNK_BYTES))
    number = 0
    while True:
        where = f"{name}[{number}]"
        try:
            fields = next(items, counted)  # any object that no item can be
        except (ijson.JSONError, UnicodeDecodeError) as error:
            refuse(BrokenArrayError(_name_fault(error), where, _explain_fault(error)))
            return
        except _TooBigError as error:
            refuse(BrokenArrayError("too_big", where, f"{error}; nothing after it was read"))
            return
        if fields is counted:
            break
        counted.bytes_of_item = 0
        yield Record(fields, where, number)
        number += 1
    if number == 0:
        refuse(RecordError("empty", name, "there is no record in this file"))


def _name_fault(error: Exception) -> str:
    is_encoding = isinstance(error, UnicodeDecodeError) or "UTF8" in str(error)
    return "not_utf8" if is_encoding else "not_json"


def _explain_fault(error: Exception) -> str:
    """The parser's sentence without its drawing of the place, which may be bytes that are no text."""
    message = error.args[0] if error.args else ""
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    return f"{text.partition(chr(10))[0].strip()}; nothing after it was read"


class _TooBigError(Exception):
    """An item that is too big or nested too deep to be a conversation."""


class _CountedFile:
    def __init__(self, file: BinaryIO, on_bytes: OnBytes) -> None:
        self._file = file
        self._on_bytes = on_bytes
        self.bytes_of_item = 0

    def read(self, size: int = -1) -> bytes:
        if self.bytes_of_item > RECORD_BYTES:
            raise _TooBigError(f"an item of more than {RECORD_BYTES} bytes")
        chunk = self._file.read(size)
        self.bytes_of_item += len(chunk)
        self._on_bytes(len(chunk))
        return chunk


def _build_items(events: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    """The outermost array's items. ijson.items would keep a path as long as the nesting is deep, for each level."""
    depth = 0
    builder = ObjectBuilder()
    for event, value in events:
        depth += event.startswith("start_") - event.startswith("end_")
        if depth > NESTING:
            raise _TooBigError(f"nested deeper than {NESTING}")
        if depth == 0 or (depth == 1 and event == "start_array"):
            continue  # the outermost array's own brackets
        builder.event(event, value)
        if depth == 1:
            yield builder.value
            builder = ObjectBuilder()
