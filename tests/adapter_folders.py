"""Small whole adapters on disk, as training publishes them, and what a test needs to spoil one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import save_file

BASE = "a" * 64
WIDTH = 16
MODULES = {"q_proj": "attn_q", "v_proj": "attn_v"}
DIGESTS = {"gguf_digest": "adapter.gguf", "adapter_digest": "adapter_model.safetensors"}


def write_adapter(
    folder: Path,
    *,
    seed: int = 1,
    rank: int = 2,
    weight: float = 0.5,
    architecture: str = "gemma3",
    modules: dict[str, str] = MODULES,
    config: dict[str, Any] | None = None,
) -> Path:
    """One layer's matrices in both formats, filled with numbers of that seed; the files say what is true of them."""
    folder.mkdir(parents=True)
    numbers = np.random.default_rng(seed)
    matrices = {
        (name, part): (weight * numbers.standard_normal(shape)).astype(np.float16)
        for name in modules
        for part, shape in (("A", (rank, WIDTH)), ("B", (WIDTH, rank)))
    }
    peft = "base_model.model.model.layers.0.self_attn.{}.lora_{}.weight"
    save_file({peft.format(*key): values for key, values in matrices.items()}, folder / DIGESTS["adapter_digest"])
    writer = gguf.GGUFWriter(str(folder / "adapter.gguf"), architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 4.0)
    for (name, part), values in matrices.items():
        writer.add_tensor(f"blk.0.{modules[name]}.weight.lora_{part.lower()}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "target_modules": list(MODULES)}
    write_json(folder / "adapter_config.json", {**settings, **(config or {})})
    architecture_of_base = {"model_type": "gemma3_text", "num_hidden_layers": 1}
    write_json(folder / "manifest.json", {"format": 1, "base_digest": BASE, "architecture": architecture_of_base})
    seal(folder)
    return folder


def seal(folder: Path, **fields: Any) -> None:
    """Write the digests of the files as they are now into the manifest: the fault must be found by other means."""
    manifest = json.loads((folder / "manifest.json").read_text())
    digests = {key: hashlib.sha256((folder / name).read_bytes()).hexdigest() for key, name in DIGESTS.items()}
    write_json(folder / "manifest.json", {**manifest, **digests, **fields})


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def flip_bit(path: Path, *, from_end: int = 5) -> None:
    content = bytearray(path.read_bytes())
    content[-from_end] ^= 1
    path.write_bytes(content)
