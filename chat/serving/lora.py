"""What a LoRA for a known architecture must look like: the same matrices in config, safetensors and GGUF. No Django."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from chat.serving.tensors import Tensor

ARCHITECTURES: Final = {
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "llama": "llama",
    "mistral": "llama",
}
"""transformers' model_type → GGUF's general.architecture."""
MODULES: Final = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
"""The layers that an adapter may change, as peft and as GGUF name them."""
LARGEST_RANK: Final = 256
PLAIN: Final = ("use_dora", "use_rslora", "lora_bias", "modules_to_save", "rank_pattern", "alpha_pattern")
"""Fields of adapter_config.json that must be empty: the GGUF has no counterpart for what they ask."""
PEFT_NAME: Final = re.compile(
    r"base_model\.model\.(?:[a-z_]+\.)*layers\.(\d{1,4})\.[a-z_]+\.(\w+)\.lora_([AB])\.weight"
)
GGUF_NAME: Final = re.compile(r"blk\.(\d{1,4})\.(\w+)\.weight\.lora_([ab])")

Matrix = tuple[int, str, str]  # layer, module as peft names it, "a" [rank, in] or "b" [out, rank]


def describe_config_fault(config: Any) -> str:
    """Why this adapter_config.json is no plain LoRA; empty when it is one."""
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        return "peft_type is not LORA"
    if asked := [name for name in PLAIN if config.get(name)]:
        return f"{asked[0]} is set"
    if config.get("bias", "none") != "none":
        return f"bias is {config['bias']}"
    if type(config.get("r")) is not int or not 1 <= config["r"] <= LARGEST_RANK:
        return f"r is {config.get('r')}"
    if not isinstance(config.get("lora_alpha"), int | float) or not 0 < config["lora_alpha"] <= 64 * LARGEST_RANK:
        return f"lora_alpha is {config.get('lora_alpha')}"
    targets = config.get("target_modules")
    if not isinstance(targets, list) or not targets or not all(isinstance(name, str) for name in targets):
        return "target_modules is no list of names"
    return ""


def list_peft_matrices(tensors: Iterable[Tensor]) -> dict[Matrix, Tensor]:
    """Raises KeyError with the name of a tensor that is no matrix of a LoRA."""
    return {_read_name(PEFT_NAME, tensor.name, dict(zip(MODULES, MODULES, strict=True))): tensor for tensor in tensors}


def list_gguf_matrices(tensors: Iterable[Tensor]) -> dict[Matrix, Tensor]:
    """Raises KeyError with the name of a tensor that is no matrix of a LoRA."""
    modules = {theirs: ours for ours, theirs in MODULES.items()}
    return {_read_name(GGUF_NAME, tensor.name, modules): tensor for tensor in tensors}


def describe_rank_fault(matrices: dict[Matrix, Tensor], rank: int) -> str:
    for (layer, module, part), tensor in matrices.items():
        found = tensor.shape[0 if part == "a" else 1]
        if found != rank:
            return f"layer {layer} {module}: rank {found}, config says {rank}"
    return ""


def describe_targets_fault(matrices: dict[Matrix, Tensor], targets: Iterable[str], layers: int) -> str:
    found = {module for _, module, _ in matrices}
    if found != set(targets):
        return f"weights have {', '.join(sorted(found))}; config names {', '.join(sorted(targets))}"
    if halves := [matrix for matrix in matrices if (*matrix[:2], "b" if matrix[2] == "a" else "a") not in matrices]:
        return f"half a pair in layer {halves[0][0]} {halves[0][1]}"
    if too_deep := [layer for layer, _, _ in matrices if layer >= layers]:
        return f"layer {max(too_deep)} of {layers}"
    return ""


def _read_name(pattern: re.Pattern[str], name: str, modules: dict[str, str]) -> Matrix:
    match = pattern.fullmatch(name)
    if match is None or match[2] not in modules:
        raise KeyError(name)
    return int(match[1]), modules[match[2]], match[3].lower()
