"""Flow 11 | runs in: celery | takes: pairs | gives: an immutable snapshot with its digest, split by counsel.

Files of a snapshot: `train.jsonl` and `heldout.jsonl` (docs/training.md) in a folder named by the digest of both. The
same pairs give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chat.models import Character, User
from training.cycle.learnable import compose_learnable
from training.cycle.refusals import TrainingRefused
from training.cycle.selection import Candidate, count_shares, select_pairs, split_rooms
from training.finetune.records import Conversation, RecordError, render_line
from training.finetune.run_folder import write_folder_atomically
from training.models import Pair, Snapshot, SnapshotPair, SnapshotState

HELDOUT, TRAIN = "heldout", "train"


@dataclass
class Contents:
    """What goes into the two files, and what is told of it."""

    sides: dict[str, list[Conversation]] = field(default_factory=lambda: {TRAIN: [], HELDOUT: []})
    pairs: dict[str, tuple[Pair, bool]] = field(default_factory=dict)  # by key; True: held out
    left_out: Counter[str] = field(default_factory=Counter)

    def render(self) -> dict[str, bytes]:
        return {f"{side}.jsonl": "".join(map(render_line, talks)).encode() for side, talks in self.sides.items()}

    def leave_out(self, fault: RecordError) -> None:
        self.left_out["conversations"] += 1


def freeze_snapshot(character: Character, built_by: User | None, *, among: Iterable[str] | None = None) -> Snapshot:
    """Freeze the character's usable pairs, or of them only those whose keys are `among`.

    The same content again gives the snapshot that is there. Raises TrainingRefused: no_pairs.
    """
    usable = Pair.objects.usable().filter(character=character)
    if among is not None:
        usable = usable.filter(key__in=list(among))
    contents = _collect(character, list(usable.order_by("key")))
    if not contents.sides[TRAIN]:
        raise TrainingRefused("no_pairs")
    return _store(character, built_by, contents)


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


def _collect(character: Character, usable: Sequence[Pair]) -> Contents:
    chosen = select_pairs(
        Candidate(pair.key, str(pair.user_id), str(pair.counsel_id), pair.chosen, pair.rejected) for pair in usable
    )
    taken = set(chosen.keys)
    rooms: dict[UUID, dict[UUID, list[Pair]]] = {}
    for pair in (pair for pair in usable if pair.key in taken):
        rooms.setdefault(pair.counsel_id, {}).setdefault(pair.dialog_id, []).append(pair)
    heldout = split_rooms(str(counsel_id) for counsel_id in rooms)
    contents = Contents(left_out=chosen.left_out)
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


def _store(character: Character, built_by: User | None, contents: Contents) -> Snapshot:
    files = contents.render()
    digest = compute_digest(files)
    with transaction.atomic():
        # Two who freeze at once get one row. A withdrawal locks its pairs too: it is over, and seen here, or it waits
        # and finds the snapshot.
        Character.objects.select_for_update().get(pk=character.pk)
        _check_still_there(pair for pair, _ in contents.pairs.values())
        if (existing := Snapshot.objects.filter(digest=digest).first()) is not None:
            if existing.state == SnapshotState.TAINTED:
                raise TrainingRefused("snapshot_tainted")
            return existing
        write_files(files)
        previous = Snapshot.objects.filter(character=character).exclude(state=SnapshotState.TAINTED).first()
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


def _check_still_there(pairs: Iterable[Pair]) -> None:
    """Raises TrainingRefused where a pair was withdrawn since it was read."""
    keys = [pair.pk for pair in pairs]
    locked = Pair.objects.usable().select_for_update(of=("self",)).filter(pk__in=keys).values_list("pk", flat=True)
    if len(locked) != len(keys):
        raise TrainingRefused("withdrawn_meanwhile")


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
    raters = Pair.ratings.through.objects.filter(pair__in=pairs).values_list("rating__annotator__login_id", flat=True)
    users = count_shares([str(pair.user_id) for pair in pairs])
    return {
        "kinds": count_shares([pair.kind for pair in pairs]),
        "annotators": count_shares([name or "—" for name in raters]),
        "users": len(users),
        "largest_share_of_one_user": max(users.values(), default=0.0),
        "mean_agreement": round(sum(pair.agreement for pair in pairs) / len(pairs), 4) if pairs else None,
    }


def _compare(previous: Snapshot | None, keys: Iterable[str]) -> dict[str, int]:
    before = set(previous.pairs.values_list("pair_key", flat=True)) if previous else set()
    now = set(keys)
    return {"added": len(now - before), "removed": len(before - now), "kept": len(now & before)}
