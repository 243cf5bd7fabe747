"""What runs need in tests: approved snapshots with files, and settings with which a run takes seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from chat.models import Adapter, Character, User
from tests.tiny_base import TALKS
from training.cycle.train import ask_for_run
from training.models import Snapshot, SnapshotState, TrainingRun

TINY_STEPS: Final = 6


def tiny_config(**changes: Any) -> dict[str, Any]:
    """Settings with which a run on the tiny base takes seconds."""
    return {
        "preset": "starter-dpo",
        "dtype": "float32",
        "lora": {"rank": 4, "alpha": 8},
        "trees_per_step": 1,
        "max_steps": TINY_STEPS,
        "max_tokens": 1500,
        "row_tokens": 1500,
        "checkpoint_steps": 10,
        "evaluate_steps": 1000,
        **changes,
    }


def list_conversations(character: str, *, first: int = 0, number: int = 4) -> list[dict[str, Any]]:
    rooms = []
    for index in range(first, first + number):
        said, better, worse = TALKS[index % len(TALKS)]
        turns = [{"role": "user", "text": f"{said} {index}"}, {"role": "bot", "text": better}]
        turns[1]["pairs"] = [{"rejected": worse}]  # type: ignore[assignment]
        rooms.append({"id": f"c-{index}", "character": character, "turns": turns})
    return rooms


def write_snapshot(folder: Path, conversations: Sequence[dict[str, Any]], heldout: Sequence[dict[str, Any]]) -> str:
    """Files as `freeze` leaves them; returns the digest that names their folder."""
    files = {"train.jsonl": _render(conversations), "heldout.jsonl": _render(heldout)}
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(hashlib.sha256(files[name]).digest())
    place = folder / whole.hexdigest()
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    return whole.hexdigest()


def _render(conversations: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(talk, ensure_ascii=False) + "\n" for talk in conversations).encode()


def build_snapshot(
    character: Character, folder: Path, *, state: str = SnapshotState.APPROVED, first: int = 0, **fields: Any
) -> Snapshot:
    talks = list_conversations(character.key, first=first, number=5)
    digest = write_snapshot(folder, talks[:4], talks[4:])
    if state in (SnapshotState.APPROVED, SnapshotState.REJECTED):
        fields = {"dt_decided": timezone.now(), **fields}
    if state == SnapshotState.TAINTED:
        fields = {"dt_tainted": timezone.now(), **fields}
    return Snapshot.objects.create(digest=digest, character=character, state=state, **fields)


def build_run(snapshot: Snapshot, *, by: User | None = None, **changes: Any) -> TrainingRun:
    return ask_for_run(snapshot, by=by, trigger="hand", config=tiny_config(**changes))


def build_adapter(character: Character, digest: str = "a" * 64, **fields: Any) -> Adapter:
    """A row without files."""
    name = f"{character.key}@{digest[:12]}"
    given = {"weights_sha256": digest, "base_sha256": "b" * 64, "folder": name, "size_bytes": 1, **fields}
    return Adapter.objects.create(name=name, character=character, gguf_sha256=digest, **given)
