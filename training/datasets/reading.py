"""A file of a format → its conversations, one by one, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.datasets.assembly import Origin, take_object
from training.datasets.formats import Format
from training.datasets.source import OnBytes, Refuse, ignore_bytes, raise_fault, read_records
from training.finetune.records import Conversation, RecordError

NUMBER_DIGITS = 9


def read_conversations(
    path: Path,
    form: Format,
    character: str = "",
    *,
    refuse: Refuse = raise_fault,
    on_bytes: OnBytes = ignore_bytes,
) -> Iterator[tuple[str, Conversation]]:
    """`character` is for records without one. A `refuse` that does not raise leaves the record out."""
    for record in read_records(path, refuse, on_bytes):
        origin = Origin(record.where, f"{path.stem}-{record.number:0{NUMBER_DIGITS}d}", character)
        try:
            conversation = form.load(take_object(record.fields, "a record", record.where), origin)
        except RecordError as fault:
            refuse(fault)
        else:
            yield record.where, conversation
