"""Adapters on disk: `<folder>/<name>/adapter.gguf` with a `manifest.json` that says what they are and belong to.

An adapter is named `name@digest`: what bears that name never changes.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from chat.inference.digest import DIGEST_CHARACTERS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """What an engine loads."""

    name: str  # name@digest
    path: Path  # of the .gguf file


class AdapterRefused(ValueError):
    """A folder that is no adapter for this base; the message says why."""


def find_adapters(folder: Path, base_digest: str) -> list[AdapterFile]:
    """Those below the folder that belong to the base; of the others the log says why they are left out.

    `base_digest` is the sha256 of the base's weights.
    """
    adapters = []
    for place in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):  # a dot: half written
        try:
            adapters.append(check_adapter(place, base_digest))
        except AdapterRefused as refusal:
            logger.warning("adapter %s is left out: %s", place.name, refusal)
    return adapters


def check_adapter(place: Path, base_digest: str) -> AdapterFile:
    """Raises AdapterRefused."""
    path = place / "adapter.gguf"
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise AdapterRefused(f"manifest.json or adapter.gguf cannot be read ({error})") from error
    if not isinstance(manifest, dict) or not content.startswith(b"GGUF"):
        raise AdapterRefused("manifest.json is no object, or adapter.gguf no GGUF file")
    digest = hashlib.sha256(content).hexdigest()
    if manifest.get("gguf_digest") != digest:
        raise AdapterRefused(
            f"adapter.gguf is {digest[:12]}, its manifest says {str(manifest.get('gguf_digest'))[:12]}"
        )
    if manifest.get("base_digest") != base_digest:
        raise AdapterRefused(f"made for base {str(manifest.get('base_digest'))[:12]}, this one is {base_digest[:12]}")
    return AdapterFile(f"{place.name}@{digest[:DIGEST_CHARACTERS]}", path)
