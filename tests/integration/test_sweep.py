"""Folders of snapshots that no row wants go; those of living snapshots, and fresh ones, stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import build_character
from training.cycle.sweep import YOUNG_SECONDS, sweep_snapshot_folders
from training.models import Snapshot

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
