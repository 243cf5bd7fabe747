"""Whether the disk has room for a run: checkpoints are what takes it, and a full disk spoils more than this run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from chat.models import Adapter, Character

KEPT_CHECKPOINTS: Final = 3
"""Two that are kept, and one that is being written."""
WIDENED: Final = 2
"""Weights are trained in 32 bits and published in 16."""
TENSORS_OF_OPTIMIZER: Final = 2
UNKNOWN_ADAPTER_BYTES: Final = 64 * 2**20
SPARE: Final = 2


def estimate_need(character: Character) -> int:
    """Bytes that a run writes, from the largest adapter that the character has had."""
    largest = Adapter.objects.of(character).order_by("-size_bytes").values_list("size_bytes", flat=True).first()
    adapter_bytes = largest or UNKNOWN_ADAPTER_BYTES
    return adapter_bytes * (KEPT_CHECKPOINTS * WIDENED * (1 + TENSORS_OF_OPTIMIZER) + 2)


def has_room(folder: Path, need_bytes: int) -> bool:
    """Twice the need, on the disk of `folder` or of its nearest parent that exists."""
    place = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(place).free >= SPARE * need_bytes
