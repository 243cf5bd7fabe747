"""Everything that can be known of an adapter's folder without loading it. Reads each file once and changes nothing.

What is returned was hashed and examined from the same bytes. Not covered: an adapter that is whole and well-formed and
speaks badly; the canary prompts and the canary share are for that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chat.serving import lora
from chat.serving.read_gguf import GgufFile, read_gguf
from chat.serving.read_safetensors import read_safetensors
from chat.serving.refusals import ServingRefused
from chat.serving.tensors import Tensor, WeightsUnreadable

GGUF: Final = "adapter.gguf"
WEIGHTS: Final = "adapter_model.safetensors"
CONFIG: Final = "adapter_config.json"
MANIFEST: Final = "manifest.json"
FILES: Final = (GGUF, WEIGHTS, CONFIG, MANIFEST)
"""What an adapter is made of; whatever else lies in the folder is not taken along."""
PICKLES: Final = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
LARGEST_JSON_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class CheckedFolder:
    folder: Path
    manifest: dict[str, Any]
    sha256: dict[str, str]  # by name of FILES
    size_bytes: int

    @property
    def base_sha256(self) -> str:
        return str(self.manifest["base_digest"])


def check_folder(folder: Path, *, largest_bytes: int, base: str = "") -> CheckedFolder:
    """`base`: sha256, or its beginning, of the weights that it must belong to; empty where that is not known.

    Raises ServingRefused.
    """
    _check_names(folder)
    contents = {name: read_plain_file(folder / name, largest_bytes=_limit(name, largest_bytes)) for name in FILES}
    sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    manifest = _read_manifest(contents[MANIFEST])
    for name, key in ((GGUF, "gguf_digest"), (WEIGHTS, "adapter_digest")):
        if manifest[key] != sha256[name]:
            raise ServingRefused(
                "digest_mismatch", f"{name} is {sha256[name][:12]}, its manifest says {manifest[key][:12]}"
            )
    if not manifest["base_digest"].startswith(base):
        raise ServingRefused("wrong_base", f"made for {manifest['base_digest'][:12]}, this one is {base[:12]}")
    _check_weights(manifest, _read_config(contents[CONFIG]), contents[WEIGHTS], contents[GGUF])
    return CheckedFolder(folder, manifest, sha256, sum(map(len, contents.values())))


def read_plain_file(path: Path, *, largest_bytes: int) -> bytes:
    """Content of a regular file; a link is not followed, and nothing larger is read. Raises ServingRefused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ServingRefused("file_missing", f"{path.name}: {error.strerror}") from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ServingRefused("file_missing", f"{path.name} is no regular file")
        if status.st_size > largest_bytes:
            raise ServingRefused("too_large", f"{path.name}: {status.st_size:,} bytes, at most {largest_bytes:,}")
        return file.read(largest_bytes)


def _limit(name: str, largest_bytes: int) -> int:
    return largest_bytes if name in (GGUF, WEIGHTS) else LARGEST_JSON_BYTES


def _check_names(folder: Path) -> None:
    if ".." in folder.parts:
        raise ServingRefused("name_bad", "the path climbs upwards")
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise ServingRefused("file_missing", f"{folder.name}: {error.strerror}") from error
    for entry in entries:
        if entry.is_symlink():
            raise ServingRefused("has_link", entry.name)
        if entry.name.endswith(PICKLES):
            raise ServingRefused("pickle_weights", entry.name)
    if folder.is_symlink():
        raise ServingRefused("has_link", folder.name)


def _read_object(name: str, content: bytes, code: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ServingRefused(code, f"{name} is no JSON") from error
    if not isinstance(value, dict):
        raise ServingRefused(code, f"{name} is no object")
    return value


def _read_manifest(content: bytes) -> dict[str, Any]:
    manifest = _read_object(MANIFEST, content, "manifest_bad")
    for key in ("gguf_digest", "adapter_digest", "base_digest"):
        if not isinstance(manifest.get(key), str) or not DIGEST.fullmatch(manifest[key]):
            raise ServingRefused("manifest_bad", f"{key} is no sha256")
    architecture = manifest.get("architecture")
    if not isinstance(architecture, dict) or type(architecture.get("num_hidden_layers")) is not int:
        raise ServingRefused("manifest_bad", "architecture says no number of layers")
    if "name" in manifest and not (isinstance(manifest["name"], str) and NAME.fullmatch(manifest["name"])):
        raise ServingRefused("name_bad", repr(manifest["name"])[:80])
    return manifest


def _read_config(content: bytes) -> dict[str, Any]:
    config = _read_object(CONFIG, content, "config_bad")
    if fault := lora.describe_config_fault(config):
        raise ServingRefused("config_bad", fault)
    return config


def _check_weights(manifest: dict[str, Any], config: dict[str, Any], weights: bytes, gguf: bytes) -> None:
    try:
        trained, served = read_safetensors(weights), read_gguf(gguf)
    except WeightsUnreadable as error:
        raise ServingRefused("weights_unreadable", str(error)) from error
    _check_gguf_metadata(manifest, config, served)
    for tensor in (*trained, *served.tensors):
        if not tensor.is_finite():
            raise ServingRefused("not_finite", tensor.name)
    _check_matrices(manifest, config, trained, served.tensors)


def _check_gguf_metadata(manifest: dict[str, Any], config: dict[str, Any], served: GgufFile) -> None:
    kind = manifest["architecture"].get("model_type")
    found = served.metadata.get("general.architecture")
    if lora.ARCHITECTURES.get(kind) != found:
        raise ServingRefused("wrong_architecture", f"{GGUF} is for {found}, its manifest says {kind}")
    if (served.metadata.get("general.type"), served.metadata.get("adapter.type")) != ("adapter", "lora"):
        raise ServingRefused("weights_unreadable", f"{GGUF} says that it is no LoRA")
    if served.metadata.get("adapter.lora.alpha") != config["lora_alpha"]:
        raise ServingRefused("rank_mismatch", f"{GGUF} has alpha {served.metadata.get('adapter.lora.alpha')}")


def _check_matrices(
    manifest: dict[str, Any], config: dict[str, Any], trained: list[Tensor], served: list[Tensor]
) -> None:
    try:
        of_peft, of_gguf = lora.list_peft_matrices(trained), lora.list_gguf_matrices(served)
    except KeyError as error:
        raise ServingRefused("targets_mismatch", f"{error.args[0]} is no matrix of a LoRA") from error
    rank, promised = config["r"], _find_promised_rank(manifest)
    if promised not in (None, rank):
        raise ServingRefused("rank_mismatch", f"config says {rank}, the manifest {promised}")
    for matrices in (of_peft, of_gguf):
        if fault := lora.describe_rank_fault(matrices, rank):
            raise ServingRefused("rank_mismatch", fault)
        if fault := lora.describe_targets_fault(
            matrices, config["target_modules"], manifest["architecture"]["num_hidden_layers"]
        ):
            raise ServingRefused("targets_mismatch", fault)
    if {key: tensor.shape for key, tensor in of_peft.items()} != {key: item.shape for key, item in of_gguf.items()}:
        raise ServingRefused("targets_mismatch", f"{GGUF} and {WEIGHTS} hold different matrices")


def _find_promised_rank(manifest: dict[str, Any]) -> object:
    settings = manifest.get("config")
    adapter = settings.get("lora") if isinstance(settings, dict) else None
    return adapter.get("rank") if isinstance(adapter, dict) else None
