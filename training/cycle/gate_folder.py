"""The folder that the gate judges from: both adapters, the held-out talks, newer talks, and what was judged before."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from chat.prompting import Sampling
from chat.serving.stored import locate_folder
from training.cycle.ending import fail
from training.cycle.kept_answers import get_answers_folder
from training.cycle.learnable import compose_learnable
from training.cycle.prepare import GATE_PREFIX, get_base_file, get_persona_file
from training.finetune.records import Conversation, render_line
from training.finetune.run_folder import write_folder_atomically, write_json
from training.gate.bars import Needed
from training.models import Evaluation, EvaluationState, Pair

FRESH_PAIRS: Final = 200
"""As many, and the rest of the last one's room: no room is cut."""
JUDGED: Final = (EvaluationState.PASSED, EvaluationState.REFUSED)
UNMEASURED: Final = frozenset({"missing_case", "missing_evaluator", "evaluator_failed"})
"""Of training/gate/checks.py, which brings numpy along. A judge that does not answer is an evaluator that failed."""


def get_gate_folder(evaluation: Evaluation) -> Path:
    return Path(settings.MARY_RUNS_FOLDER) / f"{GATE_PREFIX}{evaluation.pk}"


def prepare_gate_folder(evaluation: Evaluation) -> Path:
    """The folder, whole; an earlier attempt's is taken as it is. Raises RunStopped."""
    folder = get_gate_folder(evaluation)
    if (folder / "gate.json").is_file():
        return folder
    heldout = "".join(_read_heldout(evaluation))
    talks = list(list_fresh_talks(evaluation))
    left_out = count_too_few(talks)
    fresh = "" if left_out else "".join(map(render_line, talks))
    given = build_settings(evaluation, has_fresh=bool(fresh)) | {"fresh_left_out": left_out}

    def fill(place: Path) -> None:
        (place / "heldout.jsonl").write_text(heldout, encoding="utf-8")
        if fresh:
            (place / "fresh.jsonl").write_text(fresh, encoding="utf-8")
        write_json(place / "gate.json", given)

    try:
        write_folder_atomically(folder, fill)
    except OSError as error:
        raise fail("disk_full", type(error).__name__) from error
    return folder


def build_settings(evaluation: Evaluation, *, has_fresh: bool) -> dict[str, Any]:
    """Raises RunStopped."""
    character = evaluation.character
    return {
        "base": str(get_base_file()),
        "candidate": str(locate_folder(evaluation.candidate)),
        "live": str(locate_folder(evaluation.live)) if evaluation.live is not None else None,
        "character": character.key,
        "persona": str(get_persona_file(character)),
        "sampling": {field.name: getattr(character, field.name) for field in fields(Sampling)},
        "stop_strings": list(character.stop_strings),
        "closing_phrase": character.closing_phrase,
        "has_fresh": has_fresh,
        "judge": settings.MARY_JUDGE,
        "canaries": list(settings.MARY_PLANTED_CANARIES),
        "submitted_before": sorted(list_judged_digests(evaluation)),
        "answers": str(get_answers_folder()),
        "seed": zlib.crc32(str(evaluation.pk).encode()),
    }


def list_judged_digests(evaluation: Evaluation) -> set[str]:
    """Weights that have their verdict: of other adapters, and of this one where it was refused beside the same one."""
    others = ~Q(candidate=evaluation.candidate)
    refused_here = Q(candidate=evaluation.candidate, live=evaluation.live, state=EvaluationState.REFUSED)
    over = Evaluation.objects.filter(others | refused_here, state__in=JUDGED)
    rows = over.filter(candidate__character=evaluation.character).values_list("candidate__weights_sha256", "reasons")
    return {digest for digest, reasons in rows if not is_unmeasured(reasons)}


def is_unmeasured(reasons: list[dict[str, str]]) -> bool:
    """Whether a refusal says nothing about the candidate, only that something could not be measured."""
    codes = {reason["code"] for reason in reasons}
    return bool(codes) and codes <= UNMEASURED


def _read_heldout(evaluation: Evaluation) -> Iterator[str]:
    """The snapshot's own, then the starter talks of this character: what it could do before, it should still do."""
    key = evaluation.character.key
    places = [settings.REPOSITORY / "training" / "starter" / "data" / key / "heldout.jsonl"]
    if evaluation.run is not None:
        places.insert(0, Path(settings.MARY_SNAPSHOTS_FOLDER) / evaluation.run.snapshot.digest / "heldout.jsonl")
        if not places[0].is_file():
            raise fail("snapshot_missing", places[0].parent.name)
    seen: set[str] = set()
    for place in (place for place in places if place.is_file()):
        for line in place.read_text(encoding="utf-8").splitlines(keepends=True):
            talk = json.loads(line)["id"] if line.strip() else ""
            if talk and talk not in seen:
                seen.add(talk)
                yield line if line.endswith("\n") else f"{line}\n"


def count_too_few(talks: Iterable[Conversation]) -> int:
    """Their replies where these are fewer than the gate needs, which would call them a missing case; else 0."""
    replies = sum(turn.role == "bot" for talk in talks for turn in talk.turns[1:])
    return replies if replies < Needed.fresh else 0


def list_fresh_talks(evaluation: Evaluation) -> Iterator[Conversation]:
    """Talks with pairs that came after the snapshot, of rooms that it holds nothing of."""
    if evaluation.run is None:
        return
    members = evaluation.run.snapshot.pairs
    learned = members.filter(pair__isnull=False).values("pair__counsel_id")
    newer = Pair.objects.usable().filter(
        character=evaluation.character, dt_derived__gt=evaluation.run.snapshot.dt_built
    )
    newer = newer.exclude(counsel_id__in=learned).order_by("counsel_id", "key")
    rooms: dict[UUID, dict[UUID, list[Pair]]] = {}
    for number, pair in enumerate(newer.iterator()):
        if number >= FRESH_PAIRS and pair.counsel_id not in rooms:
            break
        rooms.setdefault(pair.counsel_id, {}).setdefault(pair.dialog_id, []).append(pair)
    for number, (counsel_id, pairs) in enumerate(rooms.items(), start=1):
        # What cannot be learned from is nothing to be measured by either.
        yield from compose_learnable(f"fresh-{number}", evaluation.character.key, counsel_id, pairs, lambda fault: None)
