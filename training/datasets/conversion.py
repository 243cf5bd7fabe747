"""A file of one format → a file of another, all or nothing, with a count of what the other has no place for."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from training.datasets.formats import Format
from training.datasets.reading import read_conversations
from training.datasets.repeats import SeenTexts
from training.datasets.source import OnBytes, Refuse, ignore_bytes, raise_fault
from training.datasets.target import open_target
from training.finetune.records import Conversation, RecordError, dump_conversation


@dataclass
class Converted:
    conversations: int = 0
    records: int = 0
    repeated: int = 0
    losses: Counter[str] = field(default_factory=Counter)


def convert_file(
    source: Path,
    target: Path,
    source_format: Format,
    target_format: Format,
    character: str = "",
    *,
    is_dropping_repeats: bool = False,
    refuse: Refuse = raise_fault,
    on_bytes: OnBytes = ignore_bytes,
) -> Converted:
    """`refuse` is told of every fault; if it does not raise, that conversation is left out. Raises RecordError.

    A repeat is alike in everything but its id.
    """
    done = Converted()
    with open_target(target) as writer, SeenTexts() as seen:
        for where, conversation in read_conversations(
            source, source_format, character, refuse=refuse, on_bytes=on_bytes
        ):
            if is_dropping_repeats and not seen.add(_write_content(conversation)):
                done.repeated += 1
                continue
            try:
                records = list(target_format.dump(conversation, where))
            except RecordError as fault:
                refuse(fault)
                continue
            if not records:
                done.losses["conversations without pairs"] += 1
                continue
            for record in records:
                writer.write(record)
            done.conversations += 1
            done.losses += target_format.count_losses(conversation)
        if not writer.records:
            raise RecordError("empty", source.name, f"nothing in it can be written as {target_format.name}")
        done.records = writer.records
    return done


def _write_content(conversation: Conversation) -> str:
    return json.dumps(dump_conversation(conversation) | {"id": ""})
