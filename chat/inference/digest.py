"""The digest by which weights are known, and how much of it stands in names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

DIGEST_CHARACTERS: Final = 12


def get_digest(name: str) -> str:
    """Of `name@digest`; the name itself where it has none."""
    return name.rpartition("@")[2]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
