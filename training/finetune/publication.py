"""A whole run → a folder that an inference worker loads: both formats, and all that says how it was made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from chat.inference.digest import sha256_of
from training.finetune.export import ExportRefused, export_gguf
from training.finetune.run_folder import MANIFEST, read_manifest, write_folder_atomically, write_json

KEPT = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "config.json", "metrics.jsonl")
LOG = "run.log"
"""Written by the command; a run that was started from Python has none."""


def publish(run_folder: Path, target: Path, command: str) -> dict[str, Any]:
    """`command` made the run, for whoever wants to make it again. Returns the manifest; raises ExportRefused."""
    manifest = read_manifest(run_folder)
    if manifest is None:
        raise ExportRefused(f"{run_folder} has no {MANIFEST}: the run is not whole, or this is no run folder")
    published: dict[str, Any] = {}

    def fill(folder: Path) -> None:
        for name in (*KEPT, *([LOG] if (run_folder / LOG).is_file() else [])):
            shutil.copy(run_folder / name, folder)
        export_gguf(run_folder / "adapter", manifest, folder / "adapter.gguf")
        published.update({**manifest, "gguf_digest": sha256_of(folder / "adapter.gguf"), "command": command})
        write_json(folder / MANIFEST, published)

    write_folder_atomically(target, fill)
    return published


def find_weights(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder with adapter_model.safetensors, and its manifest: of a run folder, or of a published adapter.

    Raises ExportRefused.
    """
    place = folder / "adapter" if (folder / "adapter").is_dir() else folder
    manifest = read_manifest(folder)
    if manifest is None or not (place / "adapter_model.safetensors").is_file():
        raise ExportRefused(f"{folder} holds no adapter with its manifest: name a run folder or a published adapter")
    stored: dict[str, Any] = json.loads((place / "adapter_config.json").read_text())
    if stored.get("peft_type") != "LORA":
        raise ExportRefused(f"{folder}: an adapter of kind {stored.get('peft_type')}, not LORA")
    return place, manifest
