"""The base language model with a LoRA adapter, loaded for training."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from chat.inference.digest import sha256_of
from training.finetune.config import RunConfig
from training.finetune.run_folder import read_manifest

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class WeightsError(ValueError):
    """Weights that are missing, unsafe, or not those an adapter was made for."""


def compute_base_digest(base: str) -> str:
    """sha256 over the weight files, in the order of their names; empty for a Hugging Face id that is not a folder."""
    path = Path(base)
    if path.is_file():
        return sha256_of(path)
    if not path.is_dir():
        return ""
    weights = sorted(path.glob("*.safetensors"))
    if not weights:
        unsafe = ", ".join(sorted(file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in path.glob(pattern)))
        raise WeightsError(
            f"{base} holds no .safetensors" + (f", only {unsafe}: such files can run code" if unsafe else "")
        )
    return _hash_files(weights)


def _hash_files(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def load_tokenizer(base: str) -> Any:
    from transformers import AutoTokenizer

    path = Path(base)
    if path.suffix == ".gguf":
        return AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    return AutoTokenizer.from_pretrained(base)


def load_base(config: RunConfig, device: str) -> Any:
    """Raises WeightsError. Attention is sdpa where the architecture has it, else eager."""
    from transformers import AutoModelForCausalLM, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # of loading: its lines would fill run.log
    path = Path(config.base)
    options: dict[str, Any] = {"dtype": DTYPES[config.dtype], "attn_implementation": "sdpa"}
    source = config.base
    if path.suffix == ".gguf":
        source, options["gguf_file"] = str(path.parent), path.name
        # Unpacked once: left in blocks, every product of matrices would unpack them again.
        options["quantization_config"] = GgufConfig(dequantize=True)
    else:
        options["use_safetensors"] = True
    if config.quantisation != "none":
        options["quantization_config"] = _describe_quantisation(config)
        options["device_map"] = {"": device}
    lm: Any
    try:
        lm = AutoModelForCausalLM.from_pretrained(source, **options)
    except ValueError as error:
        if "attention implementation" not in str(error):
            raise WeightsError(f"{config.base}: {error}") from error
        lm = AutoModelForCausalLM.from_pretrained(source, **{**options, "attn_implementation": "eager"})
    except OSError as error:
        raise WeightsError(f"{config.base}: {error}") from error
    lm.config.use_cache = False
    return lm if config.quantisation != "none" else lm.to(device)


def _describe_quantisation(config: RunConfig) -> Any:
    from transformers import BitsAndBytesConfig

    if config.quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=DTYPES[config.dtype],
    )


def attach_adapter(lm: Any, config: RunConfig) -> Any:
    """A new adapter, or the weights of a parent that `check_parent` let in. Raises WeightsError for unknown targets."""
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    if config.quantisation != "none":
        lm = prepare_model_for_kbit_training(  # type: ignore[no-untyped-call]
            lm, use_gradient_checkpointing=config.gradient_checkpointing
        )
    elif config.gradient_checkpointing:
        lm.gradient_checkpointing_enable({"use_reentrant": False})
        lm.enable_input_require_grads()
    if config.parent_adapter:
        tuned = PeftModel.from_pretrained(lm, config.parent_adapter, is_trainable=True)
    else:
        lora = LoraConfig(
            r=config.lora.rank,
            lora_alpha=config.lora.alpha,
            lora_dropout=config.lora.dropout,
            target_modules=list(config.lora.targets),
            task_type="CAUSAL_LM",
        )
        torch.manual_seed(config.seed)
        try:
            tuned = get_peft_model(lm, lora)
        except ValueError as error:
            raise WeightsError(f"lora.targets: {error}") from error
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()  # an adapter in 16 bits does not move by small steps
    return tuned


def check_parent(folder: Path, base_digest: str) -> str:
    """The parent's digest. Raises WeightsError: no manifest, other weights than it says, or made for another base.

    The manifest stands in the run folder above the adapter, or beside the weights of one that was published.
    """
    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise WeightsError(f"{folder} holds no adapter_model.safetensors")
    manifest = read_manifest(folder) or read_manifest(folder.parent)
    if manifest is None:
        raise WeightsError(f"{folder} has no manifest.json: nobody can say what this adapter was made for")
    digest = sha256_of(weights)
    if manifest["adapter_digest"] != digest:
        raise WeightsError(f"{weights} is {digest[:12]}, its manifest says {manifest['adapter_digest'][:12]}")
    if not base_digest or manifest["base_digest"] != base_digest:
        here = base_digest[:12] or "no folder or file, so nobody knows its digest"
        raise WeightsError(f"{folder} was made for base {manifest['base_digest'][:12]}, this base is {here}")
    return digest
