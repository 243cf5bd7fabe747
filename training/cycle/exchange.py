"""Snapshots out of the house and into it: exported in the formats of training.datasets, imported with validation.

What leaves is pseudonymised already: raw texts are in no file. What comes in belongs to no user here; it waits for a
second person's approval like every snapshot.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chat.models import Character, User
from chat.pseudonyms.mask import Masker
from training.cycle.correction import LINK, hides_numbers
from training.cycle.freeze import (
    HELDOUT,
    TRAIN,
    get_snapshot_folder,
    list_former_sides,
    name_room,
    render_sides,
    write_files,
)
from training.cycle.refusals import TrainingRefused
from training.cycle.selection import split_rooms
from training.datasets.conversion import Converted, convert_file
from training.datasets.formats import FORMATS, guess_format
from training.datasets.reading import read_conversations
from training.finetune.records import Conversation, RecordError, Turn, render_line
from training.finetune.records import read_conversations as read_ours
from training.models import Snapshot, SnapshotState, Withdrawal

SHOWN_FAULTS: Final = 20


@dataclass
class Inspected:
    """What a file holds: the first faults word for word, all of them by code."""

    format: str
    conversations: int = 0
    pairs: int = 0
    faults: list[str] = field(default_factory=list)
    fault_codes: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        return not self.fault_codes and self.conversations > 0


def export_snapshot(
    snapshot: Snapshot, target: Path, format_name: str, *, with_clinical: bool = False
) -> dict[str, Converted]:
    """One file a side: TARGET/train.jsonl and, where there is any, TARGET/heldout.jsonl.

    `with_clinical`: whoever gets the files may read what was said in a crisis.
    Raises TrainingRefused: snapshot_tainted, files_missing, snapshot_clinical; RecordError where the format has no
    place for it.
    """
    if snapshot.state == SnapshotState.TAINTED:
        raise TrainingRefused("snapshot_tainted")
    folder = get_snapshot_folder(snapshot.digest)
    if not (folder / "train.jsonl").is_file():
        raise TrainingRefused("files_missing")
    if not with_clinical and holds_clinical(folder):
        raise TrainingRefused("snapshot_clinical")
    target.mkdir(parents=True, exist_ok=True)
    form = FORMATS[format_name]
    done = {}
    with tempfile.TemporaryDirectory() as place:
        for side in (TRAIN, HELDOUT):
            source = folder / f"{side}.jsonl"
            if not source.stat().st_size:
                continue
            if "pairs" not in form.keeps:
                source = _write_better_answers(source, Path(place) / source.name)
            done[side] = convert_file(source, target / f"{side}.jsonl", FORMATS["ours"], form)
    return done


def holds_clinical(folder: Path) -> bool:
    """Raises RecordError."""
    return any(talk.is_clinical for talk in _read_sides(folder))


def _read_sides(folder: Path) -> Iterator[Conversation]:
    """Raises OSError, RecordError."""
    for file in (folder / f"{side}.jsonl" for side in (TRAIN, HELDOUT)):
        if file.stat().st_size:
            yield from read_ours(file)


def _write_better_answers(source: Path, target: Path) -> Path:
    """For formats that hold no pairs: one talk for each better answer, which ends with it.

    The answers that were found wanting must not become what is imitated. The greeting goes: it is no answer.
    """
    with target.open("w", encoding="utf-8") as file:
        for talk in read_ours(source):
            for number, better in enumerate(_list_better_answers(talk), start=1):
                file.write(render_line(replace(better, id=f"{talk.id}/{number}")))
    return target


def _list_better_answers(talk: Conversation) -> Iterator[Conversation]:
    for index, turn in enumerate(talk.turns):
        before = tuple(Turn(one.role, one.text) for one in talk.turns[:index])
        while before and before[0].role == "bot":
            before = before[1:]
        for text in dict.fromkeys(pair.chosen for pair in turn.pairs):
            yield replace(talk, turns=(*before, Turn("bot", text)))


def inspect_import(path: Path, character: Character) -> Inspected:
    """The dry run: reads everything, stores nothing. Raises TrainingRefused bad_file for what is no such file."""
    try:
        form = guess_format(path)
    except (RecordError, OSError) as error:
        raise TrainingRefused("bad_file", str(error)) from error
    inspected = Inspected(form.name)

    def note(fault: RecordError) -> None:
        inspected.fault_codes[fault.code] += 1
        if len(inspected.faults) < SHOWN_FAULTS:
            inspected.faults.append(str(fault))

    erased = list_erased_rooms()
    for _, conversation in read_conversations(path, form, character.key, refuse=note):
        inspected.conversations += 1
        for fault in _list_guarded(conversation, erased):
            note(fault)
        inspected.pairs += sum(len(turn.pairs) for turn in conversation.turns)
        if conversation.character != character.key:
            note(RecordError("character_unknown", conversation.place, f"{conversation.character}, not {character.key}"))
    return inspected


def list_erased_rooms() -> frozenset[str]:
    """Rooms whose words were taken back, as files name them: an older export must not bring them in again."""
    return frozenset(room for rooms in Withdrawal.objects.values_list("rooms", flat=True) for room in rooms)


def _list_guarded(talk: Conversation, erased: frozenset[str]) -> Iterator[RecordError]:
    """What no expert could have stored here either: links and numbers in answers, and what was taken back."""
    if _get_talk(talk) in erased:
        yield RecordError("withdrawn", talk.place, "somebody took these words back; leave this talk out")
    answers = [turn.text for turn in talk.turns if turn.role == "bot"]
    answers += [pair.chosen for turn in talk.turns for pair in turn.pairs]
    for text in answers:
        if LINK.search(text) or hides_numbers(text):
            yield RecordError("contact", talk.place, f"an answer with a link or a telephone number: {text[:60]!r}")
            break


def _mask(talk: Conversation) -> Conversation:
    """Whoever wrote the file may not have masked it."""
    masker = Masker()

    def clean(text: str) -> str:
        return masker.mask(text).text

    turns = (
        replace(
            turn,
            text=clean(turn.text),
            pairs=tuple(replace(pair, chosen=clean(pair.chosen), rejected=clean(pair.rejected)) for pair in turn.pairs),
        )
        for turn in talk.turns
    )
    return replace(talk, turns=tuple(turns))


def import_snapshot(path: Path, character: Character, by: User) -> Snapshot:
    """All or nothing. Raises TrainingRefused: bad_file, only_heldout, already_imported."""
    inspected = inspect_import(path, character)
    if not inspected.is_clean:
        raise TrainingRefused("bad_file", "; ".join(inspected.faults[:3]) or path.name)
    sides = _split_sides(path, character)
    digest = write_files(render_sides(sides))
    with transaction.atomic():
        Character.objects.select_for_update(no_key=True).get(pk=character.pk)
        if Snapshot.objects.filter(digest=digest).exists():
            raise TrainingRefused("already_imported")
        clean = Snapshot.objects.filter(character=character).exclude(state=SnapshotState.TAINTED)
        return Snapshot.objects.create(
            digest=digest,
            character=character,
            previous=(previous := clean.first()),
            built_by=by,
            counts=_count(sides),
            composition={"imported": path.name, "format": inspected.format},
            difference=_compare(previous, sides),
        )


def _split_sides(path: Path, character: Character) -> dict[str, list[Conversation]]:
    conversations = [_mask(talk) for _, talk in read_conversations(path, guess_format(path), character.key)]
    # What left the house as measure comes back as measure: nothing is learned from it.
    former = {name_room(UUID(room)): is_heldout for room, is_heldout in list_former_sides(character).items()}
    heldout = split_rooms(map(_get_talk, conversations), former)
    sides: dict[str, list[Conversation]] = {TRAIN: [], HELDOUT: []}
    for talk in conversations:
        sides[HELDOUT if _get_talk(talk) in heldout else TRAIN].append(talk)
    if not sides[TRAIN]:
        raise TrainingRefused("only_heldout")
    return sides


def _count(sides: Mapping[str, Sequence[Conversation]]) -> dict[str, Any]:
    pairs = {side: sum(len(turn.pairs) for talk in talks for turn in talk.turns) for side, talks in sides.items()}
    conversations = {side: len(talks) for side, talks in sides.items()}
    return {"pairs": sum(pairs.values()), **pairs, "conversations": conversations}


def _compare(previous: Snapshot | None, sides: Mapping[str, Iterable[Conversation]]) -> dict[str, int]:
    """By conversations, word for word, whatever their ids. Empty where the files of the one before are gone."""
    try:
        before = _list_words(_read_sides(get_snapshot_folder(previous.digest))) if previous is not None else set()
    except (OSError, RecordError):
        return {}
    now = _list_words(talk for talks in sides.values() for talk in talks)
    return {"added": len(now - before), "removed": len(before - now), "kept": len(now & before)}


def _list_words(talks: Iterable[Conversation]) -> set[str]:
    return {render_line(replace(talk, id="")) for talk in talks}


def _get_talk(conversation: Conversation) -> str:
    """Parts of one talk, x/1 and x/2, stay on one side."""
    return conversation.id.partition("/")[0]
