"""Flow 11 | runs in: celery | takes: pairs | gives: an immutable snapshot with its digest, split by counsel.

Files of a snapshot: `train.jsonl` and `heldout.jsonl` (docs/training.md) in a folder named by the digest of both. The
same pairs give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chat.models import Character, User
from training.cycle.learnable import compose_learnable
from training.cycle.pair import lock_pairs
from training.cycle.refusals import TrainingRefused
from training.cycle.selection import Candidate, Selection, count_shares, select_pairs, split_rooms
from training.finetune.records import Conversation, RecordError, render_line
from training.finetune.run_folder import write_folder_atomically
from training.models import ItemState, Pair, ReviewItem, Snapshot, SnapshotPair, SnapshotState

HELDOUT, TRAIN = "heldout", "train"
GONE, SEVERAL = "", "several"
"""In place of an annotator's id: their account was deleted; the pair stands on the word of more than one."""


@dataclass
class Contents:
    """What goes into the two files, and what is told of it."""

    sides: dict[str, list[Conversation]] = field(default_factory=lambda: {TRAIN: [], HELDOUT: []})
    pairs: dict[str, tuple[Pair, bool]] = field(default_factory=dict)  # by key; True: held out
    left_out: Counter[str] = field(default_factory=Counter)
    rooms: frozenset[UUID] = frozenset()
    # Items of these rooms that their users had taken back before any was read.
    withdrawn: frozenset[UUID] = frozenset()

    def render(self) -> dict[str, bytes]:
        return render_sides(self.sides)

    def leave_out(self, fault: RecordError) -> None:
        self.left_out["conversations"] += 1


def freeze_snapshot(character: Character, built_by: User | None, *, among: Iterable[str] | None = None) -> Snapshot:
    """Freeze the character's usable pairs, or of them only those whose keys are `among`.

    The same content again gives the snapshot that is there. Raises TrainingRefused: no_pairs.
    """
    return _store(character, built_by, _gather(character, among))


def find_frozen(character: Character, *, among: Iterable[str] | None = None) -> Snapshot | None:
    """The snapshot that `freeze_snapshot` would find there, in whatever state; None where it would make a new one.

    Nothing is stored. Raises TrainingRefused: no_pairs.
    """
    digest = compute_digest(_gather(character, among).render())
    return Snapshot.objects.filter(digest=digest).first()


def choose_pairs(usable: Iterable[Pair]) -> Selection:
    pairs = list(usable)
    annotators = _list_annotators(pairs)
    return select_pairs(
        Candidate(pair.key, str(pair.user_id), str(pair.counsel_id), annotators[pair.pk], pair.chosen, pair.rejected)
        for pair in pairs
    )


def name_room(counsel_id: UUID) -> str:
    """The room's own id stays here: a file that leaves the house points at nobody's room."""
    return hashlib.sha256(f"room:{counsel_id}".encode()).hexdigest()[:16]


def get_snapshot_folder(digest: str) -> Path:
    return Path(settings.MARY_SNAPSHOTS_FOLDER) / digest


def compute_digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(hashlib.sha256(files[name]).digest())
    return whole.hexdigest()


def render_sides(sides: Mapping[str, Iterable[Conversation]]) -> dict[str, bytes]:
    """The two files by their names."""
    return {f"{side}.jsonl": "".join(map(render_line, talks)).encode() for side, talks in sides.items()}


def write_files(files: dict[str, bytes]) -> str:
    """The folder named by their digest; a folder that is there already holds the same bytes."""
    digest = compute_digest(files)
    folder = get_snapshot_folder(digest)

    def fill(place: Path) -> None:
        for name, content in files.items():
            (place / name).write_bytes(content)

    if not folder.is_dir():
        write_folder_atomically(folder, fill)
    return digest


def _gather(character: Character, among: Iterable[str] | None) -> Contents:
    usable = Pair.objects.usable().filter(character=character)
    if among is not None:
        usable = usable.filter(key__in=list(among))
    contents = _collect(character, list(usable.order_by("key")))
    if not contents.sides[TRAIN]:
        raise TrainingRefused("no_pairs")
    return contents


def _collect(character: Character, usable: Sequence[Pair]) -> Contents:
    chosen = choose_pairs(usable)
    taken = set(chosen.keys)
    rooms: dict[UUID, dict[UUID, list[Pair]]] = {}
    for pair in (pair for pair in usable if pair.key in taken):
        rooms.setdefault(pair.counsel_id, {}).setdefault(pair.dialog_id, []).append(pair)
    heldout = split_rooms(map(str, rooms), list_former_sides(character))
    contents = Contents(left_out=chosen.left_out, rooms=frozenset(rooms), withdrawn=_list_withdrawn(rooms))
    for counsel_id in sorted(rooms):
        side = HELDOUT if str(counsel_id) in heldout else TRAIN
        parts = list(
            compose_learnable(name_room(counsel_id), character.key, counsel_id, rooms[counsel_id], contents.leave_out)
        )
        contents.sides[side] += parts
        learned = {(pair.chosen, pair.rejected) for part in parts for turn in part.turns for pair in turn.pairs}
        for pair in (pair for pairs in rooms[counsel_id].values() for pair in pairs):
            if (pair.chosen, pair.rejected) in learned:
                contents.pairs[pair.key] = (pair, side == HELDOUT)
            else:
                contents.left_out["unlearnable"] += 1
    return contents


def _list_annotators(pairs: Sequence[Pair]) -> dict[UUID, frozenset[str]]:
    """Ids of those whose acts made each pair, by its own id. All whose accounts are gone are one: the empty id."""
    found: dict[UUID, set[str]] = {pair.pk: set() for pair in pairs}
    acts = Pair.ratings.through.objects.filter(pair__in=found)
    for pair_id, annotator_id in acts.values_list("pair_id", "rating__annotator_id"):
        found[pair_id].add(str(annotator_id or GONE))
    return {pair_id: frozenset(annotators or {GONE}) for pair_id, annotators in found.items()}


def list_former_sides(character: Character) -> dict[str, bool]:
    """Of rooms with pairs in this character's snapshots, whatever became of those; True: only ever held out."""
    rows = SnapshotPair.objects.filter(snapshot__character=character, pair__isnull=False)
    sides: dict[str, bool] = {}
    for counsel_id, is_heldout in rows.values_list("pair__counsel_id", "is_heldout").distinct():
        sides[str(counsel_id)] = is_heldout and sides.get(str(counsel_id), True)
    return sides


def _store(character: Character, built_by: User | None, contents: Contents) -> Snapshot:
    files = contents.render()
    digest = compute_digest(files)
    with transaction.atomic():
        # Two who freeze at once get one row; whoever derives a pair meanwhile, and holds others, may point at it.
        Character.objects.select_for_update(no_key=True).get(pk=character.pk)
        # A withdrawal locks all pairs of its rooms too: it is over, and seen here, or it waits and finds the snapshot.
        _check_still_there(contents)
        if (existing := Snapshot.objects.filter(digest=digest).first()) is not None:
            if existing.state == SnapshotState.TAINTED:
                raise TrainingRefused("snapshot_tainted")
            return existing
        write_files(files)
        # An imported one has no pairs here to compare with.
        frozen = Snapshot.objects.filter(character=character).exclude(composition__has_key="imported")
        previous = frozen.exclude(state=SnapshotState.TAINTED).first()
        snapshot = Snapshot.objects.create(
            digest=digest,
            character=character,
            previous=previous,
            built_by=built_by,
            counts=_count(contents),
            composition=_describe(contents),
            difference=_compare(previous, contents.pairs.keys()),
        )
        SnapshotPair.objects.bulk_create(
            SnapshotPair(snapshot=snapshot, pair=pair, pair_key=key, is_heldout=is_heldout)
            for key, (pair, is_heldout) in contents.pairs.items()
        )
        return snapshot


def _check_still_there(contents: Contents) -> None:
    """Raises TrainingRefused where a pair, or a turn that is only said before one, was withdrawn since it was read."""
    ids = [pair.pk for pair, _ in contents.pairs.values()]
    locked = lock_pairs(Pair.objects.usable().filter(pk__in=ids))
    if len(locked) != len(ids) or _list_withdrawn(contents.rooms) != contents.withdrawn:
        raise TrainingRefused("withdrawn_meanwhile")


def _list_withdrawn(counsel_ids: Iterable[UUID]) -> frozenset[UUID]:
    items = ReviewItem.objects.filter(reply__dialog__counsel__in=list(counsel_ids), state=ItemState.WITHDRAWN)
    return frozenset(items.values_list("pk", flat=True))


def _count(contents: Contents) -> dict[str, Any]:
    heldout = sum(is_heldout for _, is_heldout in contents.pairs.values())
    return {
        "pairs": len(contents.pairs),
        "train": len(contents.pairs) - heldout,
        "heldout": heldout,
        "conversations": {side: len(talks) for side, talks in contents.sides.items()},
        "left_out": dict(sorted(contents.left_out.items())),
    }


def _describe(contents: Contents) -> dict[str, Any]:
    pairs = [pair for pair, _ in contents.pairs.values()]
    annotators = [next(iter(ids)) if len(ids) == 1 else SEVERAL for ids in _list_annotators(pairs).values()]
    users = count_shares([str(pair.user_id) for pair in pairs])
    return {
        "kinds": count_shares([pair.kind for pair in pairs]),
        "annotator_ids": count_shares(annotators),
        "users": len(users),
        "largest_share_of_one_user": max(users.values(), default=0.0),
        "mean_agreement": round(sum(pair.agreement for pair in pairs) / len(pairs), 4) if pairs else None,
    }


def _compare(previous: Snapshot | None, keys: Iterable[str]) -> dict[str, int]:
    before = set(previous.pairs.values_list("pair_key", flat=True)) if previous else set()
    now = set(keys)
    return {"added": len(now - before), "removed": len(before - now), "kept": len(now & before)}
