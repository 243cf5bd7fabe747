"""An adapter's files before anything is served from them: whose they are, whether they agree, finite, or known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from chat.inference.adapters import AdapterRefused, check_adapter
from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from training.finetune.export import ExportRefused, export_gguf
from training.finetune.publication import copy_or_publish, find_weights
from training.gate.folder import GateRefused
from training.gate.measured import Weights

WEIGHTS_FILE: Final = "adapter_model.safetensors"
Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class AdapterFiles:
    """`tensors_sha256`: of the values alone, the same however the file around them was written again."""

    place: Path
    name: str  # name@digest, as an engine knows it
    manifest: dict[str, Any]
    weights_sha256: str
    gguf_sha256: str
    tensors_sha256: str

    @property
    def digests(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if name.endswith("_sha256")}


def lay_out(folder: Path, target: Path, base_sha256: str) -> AdapterFiles:
    """A copy of a published adapter, or of a run folder published. Raises GateRefused."""
    try:
        copy_or_publish(folder, target)
        adapter = check_adapter(target, base_sha256)
        place, manifest = find_weights(target)
        weights = place / WEIGHTS_FILE
        if (digest := sha256_of(weights)) != manifest.get("adapter_digest"):
            raise GateRefused("bad_adapter", f"{folder}: {WEIGHTS_FILE} is not the one that its manifest names")
        tensors = load_file(weights)
        again = target.with_name(f"{target.name}-again.gguf")
        export_gguf(place, manifest, again)
    except (AdapterRefused, ExportRefused, SafetensorError, OSError, KeyError, ValueError) as error:
        raise GateRefused("bad_adapter", f"{folder}: {error}") from error
    _compare_formats(folder, read_gguf(adapter.path), read_gguf(again))
    again.unlink()
    return AdapterFiles(target, adapter.name, manifest, digest, sha256_of(adapter.path), digest_tensors(tensors))


def examine_weights(candidate: AdapterFiles, live: AdapterFiles | None, submitted_before: Sequence[str]) -> Weights:
    broken = next(list_broken_tensors(candidate.place), "")
    ours = set(candidate.digests.values())
    if live is not None and ours & set(live.digests.values()):
        return Weights(broken, "live")
    known = [digest for digest in submitted_before if any(_is_same_digest(digest, own) for own in ours)]
    return Weights(broken, known[0] if known else "")


def list_broken_tensors(place: Path) -> Iterator[str]:
    """Names of tensors of either format with a value that is no finite number."""
    for name, values in load_file(place / WEIGHTS_FILE).items():
        if not bool(torch.isfinite(values).all()):
            yield f"{WEIGHTS_FILE}: {name}"
    for name, array in read_gguf(place / "adapter.gguf").items():
        if not np.isfinite(array).all():
            yield f"adapter.gguf: {name}"


def read_gguf(path: Path) -> Tensors:
    return {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(str(path)).tensors}


def digest_tensors(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(tensors.items()):
        digest.update(f"{name} {tuple(values.shape)}\n".encode())
        digest.update(values.to(torch.float16).contiguous().numpy().tobytes())
    return digest.hexdigest()


def _compare_formats(folder: Path, served: Tensors, expected: Tensors) -> None:
    """What is served must be what was measured as likelihood. Raises GateRefused."""
    is_same = served.keys() == expected.keys() and all(
        np.array_equal(served[name], expected[name], equal_nan=True) for name in expected
    )
    if not is_same:
        raise GateRefused("formats_differ", f"{folder}: adapter.gguf holds other values than {WEIGHTS_FILE}")


def _is_same_digest(one: str, other: str) -> bool:
    """One of them may be the short form that stands in names."""
    short = min(len(one), len(other))
    return short >= DIGEST_CHARACTERS and one[:short] == other[:short]
