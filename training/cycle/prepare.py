"""The run folder of a claimed run: its settings, and copies of its snapshot's files, until the run is over."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from chat.inference.protocol import EngineError
from chat.models import Character
from chat.serving.stored import locate_folder
from training.cycle.disk import estimate_need, has_room
from training.cycle.ending import fail
from training.finetune.run_folder import delete_folder, get_whole_name, write_folder_atomically, write_json
from training.models import LIVE_RUN_STATES, Evaluation, EvaluationState, TrainingRun

DATA_FILES: Final = ("train.jsonl", "heldout.jsonl")
NEEDED_PACKAGES: Final = ("torch", "peft", "transformers")
GATE_PREFIX: Final = "gate-"
CLEARED: Final = ("data", "checkpoints", "published", "adapter", "reference.safetensors")
"""What a run leaves that holds people's words, or is of no more use once the run is over."""


def get_run_folder(run: TrainingRun) -> Path:
    return Path(settings.MARY_RUNS_FOLDER) / str(run.pk)


def prepare_run_folder(run: TrainingRun) -> Path:
    """The folder, whole; an earlier attempt's is taken as it is. Raises RunStopped."""
    if any(find_spec(name) is None for name in NEEDED_PACKAGES):
        raise fail("packages_missing")
    folder = get_run_folder(run)
    if (folder / "config.json").is_file():
        return folder
    if not has_room(folder, estimate_need(run.character)):
        raise fail("disk_full")
    source = Path(settings.MARY_SNAPSHOTS_FOLDER) / run.snapshot.digest
    if not (source / DATA_FILES[0]).is_file():
        raise fail("snapshot_missing", source.name)
    config = build_config(run)

    def fill(place: Path) -> None:
        (place / "data").mkdir()
        for name in DATA_FILES:
            # An empty one is no data to the trainer; the snapshot has it all the same.
            if (source / name).is_file() and (source / name).stat().st_size:
                shutil.copy(source / name, place / "data" / name)
        write_json(place / "config.json", config)

    try:
        write_folder_atomically(folder, fill)
    except OSError as error:
        raise fail("disk_full", type(error).__name__) from error
    return folder


def build_config(run: TrainingRun) -> dict[str, Any]:
    """What was asked for, and what the character decides. Raises RunStopped."""
    personas = {run.character.key: str(get_persona_file(run.character))}
    config = {**run.config, "base": str(get_base_file()), "template": {"kind": "persona", "personas": personas}}
    if run.parent is not None:
        config["parent_adapter"] = str(locate_folder(run.parent))
    return config


def get_base_file() -> Path:
    """What the inference workers serve. Raises RunStopped."""
    # Its wheel brings numpy along, which whoever only asks for a run has no use for.
    from chat.inference.engines.packaged_lm import get_packaged_lm

    try:
        return settings.MARY_LM_PATH or get_packaged_lm(settings.MARY_MODELS_FOLDER)
    except (EngineError, OSError) as error:
        raise fail("base_missing", str(error)) from error


def get_persona_file(character: Character) -> Path:
    return Path(settings.MARY_PROMPTS_FOLDER) / character.persona_file


def clear_run_folder(folder: Path) -> None:
    """Settings, log and figures stay; people's words go."""
    for name in CLEARED:
        place = folder / name
        if place.is_file():
            place.unlink(missing_ok=True)
        else:
            delete_folder(place)


def sweep_run_folders() -> None:
    """Clears what runs and evaluations left that are over, whoever ended them and on whichever machine that was."""
    # Before the rows are asked: whose folder is there has one.
    places = list(Path(settings.MARY_RUNS_FOLDER).glob("*"))
    live = {str(pk) for pk in TrainingRun.objects.filter(state__in=LIVE_RUN_STATES).values_list("pk", flat=True)}
    judging = Evaluation.objects.filter(state__in=[EvaluationState.QUEUED, EvaluationState.RUNNING])
    live |= {f"{GATE_PREFIX}{pk}" for pk in judging.values_list("pk", flat=True)}
    for folder in places:
        name = get_whole_name(folder)
        if name in live:
            continue
        if name.startswith(GATE_PREFIX) or name != folder.name:
            delete_folder(folder)
        elif any((folder / name).exists() for name in CLEARED):
            clear_run_folder(folder)
