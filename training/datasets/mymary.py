"""MyMary's rows: instruction, output, source, type. Several turns stand in one instruction, under labels."""

from __future__ import annotations

from collections.abc import Iterator

from training.datasets.assembly import Fields, Origin, assemble_conversation
from training.datasets.mymary_cleaning import clean_row, name_type, normalise
from training.finetune.records import Conversation, RecordError


def fits(fields: Fields) -> bool:
    return "instruction" in fields and "output" in fields and "input" not in fields and "history" not in fields


def load(fields: Fields, origin: Origin) -> Conversation:
    instruction, output = (_read_cell(fields, name, origin.where) for name in ("instruction", "output"))
    said = clean_row(instruction, output)
    if not said or said[-1][0] != "bot":
        raise RecordError("empty_row", origin.where, "no answer is left in output, nor at the end of instruction")
    if len(said) == 1:
        raise RecordError("empty_row", origin.where, "nothing is left in instruction")
    return assemble_conversation(fields, origin, said)


def _read_cell(fields: Fields, name: str, where: str) -> str:
    """A table's empty cell comes as null or as the number NaN."""
    cell = fields.get(name)
    if cell is None or cell != cell:
        return ""
    if not isinstance(cell, str):
        raise RecordError("not_text", where, f"{name} is no text: {type(cell).__name__}")
    return cell


def dump(conversation: Conversation, where: str) -> Iterator[Fields]:
    if conversation.system:
        raise RecordError("no_counterpart", where, "a row has no place for the conversation's own system text")
    *talk, answer = conversation.turns
    lines = [f"{'질문' if turn.role == 'user' else '답변'}: {turn.text}" for turn in talk]
    row = {
        "id": conversation.id,
        "instruction": "\n".join(lines) if len(talk) > 1 else talk[0].text,
        "output": answer.text,
        "source": "",
        "type": name_type(sum(turn.role == "user" for turn in talk)),
    }
    said = [(turn.role, normalise(turn.text).strip()) for turn in conversation.turns]
    if clean_row(row["instruction"], row["output"]) != said:
        raise RecordError("no_counterpart", where, "a line of the talk itself begins like a label")
    yield row
