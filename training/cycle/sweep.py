"""Snapshot folders that no row wants: of a freeze that died half-way, or of a withdrawal whose deletion did."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

from django.conf import settings

from training.models import Snapshot, SnapshotState

YOUNG_SECONDS: Final = 3600.0
"""A folder this young may belong to a freeze whose row is about to come."""


def sweep_snapshot_folders() -> int:
    """Deletes them; returns how many. Hidden ones are half-written."""
    kept = set(Snapshot.objects.exclude(state=SnapshotState.TAINTED).values_list("digest", flat=True))
    folders = (place for place in Path(settings.MARY_SNAPSHOTS_FOLDER).glob("*") if place.is_dir())
    unwanted = [place for place in folders if place.name not in kept and _is_old(place)]
    for place in unwanted:
        shutil.rmtree(place, ignore_errors=True)
    return len(unwanted)


def _is_old(place: Path) -> bool:
    return time.time() - place.stat().st_mtime > YOUNG_SECONDS
