"""Files of a run folder, each whole or absent: written beside their place, synced, then renamed.

config.json  data/train.jsonl  data/heldout.jsonl          what comes in
metrics.jsonl  run.log  progress.json                      written while it runs
checkpoints/step-000050/                                   complete ones only
reference.safetensors                                      DPO: log-probabilities of the parent
adapter/adapter_model.safetensors, adapter_config.json     what comes out
inputs.json                                                digests of what came in: it must not change half-way
manifest.json                                              last of all: its presence says that the run is whole
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
INPUTS = "inputs.json"
METRICS = "metrics.jsonl"
LOCK = ".lock"
PARTIAL, OLD = "partial", "old"
HALF = re.compile(rf"\.(?P<whole>.+)\.({PARTIAL}|{OLD})")
"""What a writer that was killed leaves beside a folder, and the name that it was to take."""


class FolderBusy(RuntimeError):
    """Another process trains in this folder."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Held while a run goes on; the kernel lets go of it with the process, however that ends. Raises FolderBusy."""
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderBusy(f"{folder}: another process trains here; wait for it or cancel it") from error
        yield


def write_atomically(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


def write_folder_atomically(folder: Path, fill: Callable[[Path], None]) -> None:
    """`fill` writes into an empty folder beside it, which then takes the name; an older one is moved away first."""
    partial, old = _list_halves(folder)
    for left in (partial, old):
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        fill(partial)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    for file in partial.rglob("*"):
        if file.is_file():
            with file.open("rb") as content:
                os.fsync(content.fileno())
    _sync_folder(partial)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    _sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def delete_folder(folder: Path) -> None:
    """With the halves beside it: they hold the same words. Nothing where there is none."""
    for place in (folder, *_list_halves(folder)):
        shutil.rmtree(place, ignore_errors=True)


def get_whole_name(folder: Path) -> str:
    """Of a half, the name that it was to take."""
    half = HALF.fullmatch(folder.name)
    return half["whole"] if half else folder.name


def _list_halves(folder: Path) -> tuple[Path, Path]:
    partial, old = (folder.with_name(f".{folder.name}.{kind}") for kind in (PARTIAL, OLD))
    return partial, old


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, fields: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode())


def read_manifest(run_folder: Path) -> dict[str, Any] | None:
    path = run_folder / MANIFEST
    if not path.is_file():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


class MetricsFile:
    """One JSON object a line. A resumed run forgets what came after its checkpoint, so that no step stands twice."""

    def __init__(self, run_folder: Path) -> None:
        self._path = run_folder / METRICS

    def rewind(self, step: int) -> None:
        """Keep the lines up to and including this step; a line that was cut off goes."""
        if not self._path.exists():
            return
        kept = [line for line in self._path.read_text(encoding="utf-8").splitlines() if _is_kept(line, step)]
        write_atomically(self._path, "".join(f"{line}\n" for line in kept).encode())

    def append(self, fields: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")

    def read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines() if line]


def _is_kept(line: str, step: int) -> bool:
    try:
        return int(json.loads(line).get("step", 0)) <= step
    except ValueError:
        return False
