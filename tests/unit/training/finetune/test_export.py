"""Adapters in llama.cpp's format: names, shapes, row order, and what has no counterpart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from training.finetune.export import ExportRefused, export_gguf, permute_rows

LAYER = "base_model.model.model.layers.1.self_attn.q_proj"
MANIFEST: dict[str, Any] = {
    "base": "tiny",
    "adapter_digest": "c" * 64,
    "architecture": {
        "model_type": "gemma3_text",
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
}


def write_adapter(folder: Path, layer: str = LAYER, **settings: Any) -> Path:
    rows = np.arange(24, dtype=np.float32).reshape(8, 3)
    save_file(
        {f"{layer}.lora_A.weight": rows.T.copy(), f"{layer}.lora_B.weight": rows}, folder / "adapter_model.safetensors"
    )
    (folder / "adapter_config.json").write_text(json.dumps({"lora_alpha": 6, **settings}))
    return folder


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    return {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(file).tensors}


def test_matrices_come_out_under_llama_cpps_names(tmp_path: Path) -> None:
    export_gguf(write_adapter(tmp_path), MANIFEST, tmp_path / "adapter.gguf")
    tensors = read_tensors(tmp_path / "adapter.gguf")
    assert set(tensors) == {"blk.1.attn_q.weight.lora_a", "blk.1.attn_q.weight.lora_b"}
    assert tensors["blk.1.attn_q.weight.lora_b"].tolist() == np.arange(24).reshape(8, 3).tolist()
    fields = gguf.GGUFReader(tmp_path / "adapter.gguf").fields
    assert fields["adapter.lora.alpha"].contents() == 6.0
    assert fields["adapter.type"].contents() == "lora"


def test_llama_interleaves_the_halves_of_each_head(tmp_path: Path) -> None:
    """Two heads of four rows: rows 0 1 | 2 3 of a head become 0 2 1 3."""
    rows = np.arange(8)[:, None]
    assert permute_rows(rows, heads=2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    manifest = {**MANIFEST, "architecture": {**MANIFEST["architecture"], "model_type": "llama"}}
    export_gguf(write_adapter(tmp_path), manifest, tmp_path / "adapter.gguf")
    tensors = read_tensors(tmp_path / "adapter.gguf")
    assert (tensors["blk.1.attn_q.weight.lora_b"][:, 0] / 3).tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@pytest.mark.parametrize(
    ("kind", "layer", "settings", "reason"),
    [
        ("gpt_neox", LAYER, {}, "gpt_neox: its GGUF layout changes more than names"),
        ("gemma3_text", LAYER, {"use_dora": True}, "only plain LoRA"),
        ("gemma3_text", "base_model.model.model.layers.1.poem", {}, "llama.cpp has no tensor for it"),
    ],
)
def test_what_has_no_counterpart_is_refused(tmp_path: Path, kind: str, layer: str, settings: dict, reason: str) -> None:
    manifest = {**MANIFEST, "architecture": {**MANIFEST["architecture"], "model_type": kind}}
    with pytest.raises(ExportRefused, match=reason):
        export_gguf(write_adapter(tmp_path, layer, **settings), manifest, tmp_path / "adapter.gguf")
