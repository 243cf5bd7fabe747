"""A whole run → a folder that an inference worker loads: both formats, and all that says how it was made.

`python -m training.finetune.publication RUN_FOLDER TARGET COMMAND` does it in a process of its own, without torch.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import Any

from chat.inference.digest import sha256_of
from training.finetune.export import ExportRefused, export_gguf
from training.finetune.run_folder import MANIFEST, read_manifest, write_folder_atomically, write_json

KEPT = ("adapter/adapter_model.safetensors", "metrics.jsonl")
LOG = "run.log"
"""Written by the command; a run that was started from Python has none."""


def publish(run_folder: Path, target: Path, command: str) -> dict[str, Any]:
    """`command` made the run, for whoever wants to make it again. Returns the manifest; raises ExportRefused.

    Where things lay is nobody's business: paths are cut to names.
    """
    manifest = read_manifest(run_folder)
    if manifest is None:
        raise ExportRefused(f"{run_folder} has no {MANIFEST}: the run is not whole, or this is no run folder")
    published: dict[str, Any] = {}

    def fill(folder: Path) -> None:
        for name in KEPT:
            shutil.copy(run_folder / name, folder)
        for name in ("config.json", "adapter/adapter_config.json"):
            write_json(folder / Path(name).name, cut_paths(json.loads((run_folder / name).read_text())))
        if (run_folder / LOG).is_file():
            lines = (run_folder / LOG).read_text(encoding="utf-8").replace(f"{Path.cwd()}/", "").splitlines()
            (folder / LOG).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        export_gguf(run_folder / "adapter", manifest, folder / "adapter.gguf")
        origin = {"gguf_digest": sha256_of(folder / "adapter.gguf"), "command": command}
        published.update({**cut_paths(manifest), **origin})
        write_json(folder / MANIFEST, published)

    write_folder_atomically(target, fill)
    return published


def cut_paths(value: Any) -> Any:
    """Absolute paths in JSON cut to their last part."""
    if isinstance(value, dict):
        return {name: cut_paths(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [cut_paths(inner) for inner in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def copy_or_publish(folder: Path, target: Path) -> None:
    """A published adapter as it is, a run folder published. Raises ExportRefused."""
    if (folder / "adapter.gguf").is_file():
        shutil.copytree(folder, target)
    else:
        publish(folder, target, "")


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


def main() -> int:
    run_folder, target, command = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        publish(Path(run_folder), Path(target), command)
    except (ExportRefused, OSError) as error:
        logging.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
