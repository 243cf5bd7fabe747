"""Folders that no row wants go, half-written ones too; those that somebody works with, and fresh ones, stay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chat.models import Adapter, Character
from chat.serving.taint import taint_adapter
from tests.builders import build_character
from tests.flywheel_rows import build_adapter
from training.cycle.kept_answers import get_answers_folder, sweep_answers
from training.cycle.prepare import sweep_run_folders
from training.cycle.sweep import YOUNG_SECONDS, sweep_snapshot_folders
from training.models import Evaluation, RunState, Snapshot, TrainingRun

pytestmark = pytest.mark.django_db


def test_only_old_folders_without_a_living_snapshot_go(tmp_path: Path, settings):
    settings.MARY_SNAPSHOTS_FOLDER = tmp_path
    Snapshot.objects.create(digest="a" * 64, character=build_character())
    for name in ("a" * 64, "b" * 64, f".{'c' * 64}.partial", "d" * 64):
        (tmp_path / name).mkdir()
    for name in ("a" * 64, "b" * 64, f".{'c' * 64}.partial"):
        old = (tmp_path / name).stat().st_mtime - YOUNG_SECONDS - 1
        os.utime(tmp_path / name, (old, old))
    assert sweep_snapshot_folders() == 2
    assert {place.name for place in tmp_path.iterdir()} == {"a" * 64, "d" * 64}


def build_evaluation(candidate: Adapter, state: str, **fields: Any) -> Evaluation:
    finished = timezone.now() if state in ("passed", "refused") else None
    given = {"character": candidate.character, "state": state, "dt_finished": finished, "report": {"verdict": state}}
    return Evaluation.objects.create(candidate=candidate, **{**given, **fields})


def test_half_written_folders_of_those_that_are_over_go(tmp_path: Path, settings):
    settings.MARY_RUNS_FOLDER = tmp_path
    character = build_character()
    run = TrainingRun.objects.create(
        snapshot=Snapshot.objects.create(digest="a" * 64, character=character), character=character
    )
    waiting = build_evaluation(build_adapter(character), "queued")
    over = build_evaluation(build_adapter(character), "refused")
    kept = {f".{run.pk}.partial", f".gate-{waiting.pk}.old", ".answers"}
    for name in (*kept, f".gate-{over.pk}.partial", ".7c5ee2f1-0000-4000-8000-000000000000.old"):
        (tmp_path / name).mkdir()
    sweep_run_folders()
    assert {place.name for place in tmp_path.iterdir()} == kept
    TrainingRun.objects.update(state=RunState.CANCELLED, dt_finished=timezone.now())
    sweep_run_folders()
    assert not (tmp_path / f".{run.pk}.partial").exists()


def test_answers_stay_of_adapters_that_serve_or_may_yet(tmp_path: Path, settings):
    settings.MARY_RUNS_FOLDER = tmp_path
    character = build_character()
    live, passed, waiting, refused, stale, tainted = (build_adapter(character) for _ in range(6))
    Character.objects.filter(pk=character.pk).update(adapter=live.name)
    build_evaluation(passed, "passed", live=live)
    build_evaluation(waiting, "queued", live=live)
    build_evaluation(refused, "refused", live=live)
    build_evaluation(stale, "passed", live=refused)
    build_evaluation(tainted, "passed", live=live)
    taint_adapter(tainted, reason="withdrawal")
    for adapter in (live, passed, waiting, refused, stale, tainted):
        (get_answers_folder() / adapter.gguf_sha256[:12]).mkdir(parents=True)
    sweep_answers()
    kept = {place.name for place in get_answers_folder().iterdir()}
    assert kept == {adapter.gguf_sha256[:12] for adapter in (live, passed, waiting)}
