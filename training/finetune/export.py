"""Adapter → GGUF LoRA, as llama.cpp loads it beside its base and chooses it per request.

Format: llama.cpp's convert_lora_to_gguf.py and docs of GGUF; `general.type` = adapter, `adapter.type` = lora,
`adapter.lora.alpha`, and for every layer `<name>.lora_a` [rank, in] and `<name>.lora_b` [out, rank].
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

ARCHITECTURES = {
    "gemma": gguf.MODEL_ARCH.GEMMA,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
}
PERMUTED = {"llama", "mistral"}
"""llama.cpp's converter reorders the rows of their q and k projections for its own rotary layout."""
PREFIX = "base_model.model."


class ExportRefused(ValueError):
    """An adapter that has no exact counterpart in GGUF."""


def export_gguf(adapter: Path, manifest: dict[str, Any], target: Path) -> None:
    """Write `target` from `adapter`/adapter_model.safetensors. Raises ExportRefused."""
    architecture = manifest["architecture"]
    kind = architecture["model_type"]
    if kind not in ARCHITECTURES:
        raise ExportRefused(
            f"{kind}: its GGUF layout changes more than names; exported are {', '.join(sorted(ARCHITECTURES))}"
        )
    settings = json.loads((adapter / "adapter_config.json").read_text())
    if settings.get("use_dora") or settings.get("use_rslora") or settings.get("modules_to_save"):
        raise ExportRefused(
            "only plain LoRA has a counterpart: no DoRA, rank-stabilised scaling or fully trained layers"
        )
    names = gguf.get_tensor_name_map(ARCHITECTURES[kind], architecture["num_hidden_layers"])
    writer = gguf.GGUFWriter(str(target), gguf.MODEL_ARCH_NAMES[ARCHITECTURES[kind]])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(settings["lora_alpha"]))
    writer.add_name(f"{manifest['base']} {manifest['adapter_digest'][:12]}")
    for name, values in sorted(load_file(adapter / "adapter_model.safetensors").items()):
        layer, part = _split(name)
        place = names.get_name(layer)
        if place is None:
            raise ExportRefused(f"{layer}: llama.cpp has no tensor for it")
        if part == "lora_b" and kind in PERMUTED and layer.endswith(("q_proj", "k_proj")):
            heads = "num_attention_heads" if layer.endswith("q_proj") else "num_key_value_heads"
            values = permute_rows(values, architecture[heads])
        writer.add_tensor(f"{place}.weight.{part}", np.ascontiguousarray(values, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _split(name: str) -> tuple[str, str]:
    """base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight → (model.layers.0.self_attn.q_proj, lora_a)."""
    layer, _, part = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
    if part not in ("lora_A", "lora_B"):
        raise ExportRefused(f"{name}: not a LoRA matrix")
    return layer, part.lower()


def permute_rows(rows: NDArray[Any], heads: int) -> NDArray[Any]:
    """[out, rank]: each head's two halves of rows interleaved, as llama.cpp's rotary embedding wants them."""
    out, rank = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, rank).swapaxes(1, 2).reshape(out, rank)
