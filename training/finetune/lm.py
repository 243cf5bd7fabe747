"""The base language model with a LoRA adapter, loaded for training."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import torch

from chat.inference.digest import sha256_of
from training.finetune.config import RunConfig
from training.finetune.kept import keep_weights, load_kept_tokenizer
from training.finetune.run_folder import read_manifest

logger = logging.getLogger(__name__)

FETCHED = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class WeightsError(ValueError):
    """Weights that are missing, unsafe, or not those an adapter was made for."""


def find_base(base: str) -> Path:
    """The folder or .gguf file; a Hugging Face id is looked up in the local cache, and fetched if it is not there.

    Raises WeightsError.
    """
    path = Path(base)
    if path.exists():
        return path
    if path.is_absolute() or base.startswith(".") or base.count("/") != 1:
        raise WeightsError(f"{base}: there is no such folder or file")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(base, allow_patterns=FETCHED))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{base} is no folder or file here, and cannot be fetched: {error}") from error


def compute_base_digest(base: str) -> str:
    """sha256 over the weight files, in the order of their names. Raises WeightsError."""
    path = find_base(base)
    if path.is_file():
        return sha256_of(path)
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

    path = find_base(base)
    if path.suffix == ".gguf":
        return load_kept_tokenizer(path)
    return AutoTokenizer.from_pretrained(str(path))


def load_base(config: RunConfig, device: str) -> Any:
    """Raises WeightsError. Attention is sdpa where the architecture has it, else eager."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # of loading: its lines would fill run.log
    path = find_base(config.base)
    options: dict[str, Any] = {}
    if path.suffix == ".gguf":
        kept = keep_weights(path, config.dtype, lambda: _load_lm(config, path, _describe_gguf(path)))
        path, options = (kept, {}) if kept else (path, _describe_gguf(path))
    if config.quantisation != "none":
        options |= {"quantization_config": _describe_quantisation(config), "device_map": {"": device}}
    lm = _load_lm(config, path, options)
    lm.config.use_cache = False
    if config.quantisation == "none":
        return lm.to(device)
    for module in lm.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            # Else the first evaluation on a CPU repacks the weights into a form that has no gradient.
            module.support_avx512bf16_for_cpu = False
    return lm


def _load_lm(config: RunConfig, path: Path, options: dict[str, Any]) -> Any:
    from transformers import AutoModelForCausalLM

    source = str(path.parent if path.is_file() else path)
    given = {"dtype": DTYPES[config.dtype], "attn_implementation": "sdpa", "use_safetensors": True, **options}
    try:
        return AutoModelForCausalLM.from_pretrained(source, **given)
    except ValueError as error:
        if "attention implementation" not in str(error):
            raise WeightsError(f"{config.base}: {error}") from error
        return AutoModelForCausalLM.from_pretrained(source, **{**given, "attn_implementation": "eager"})
    except OSError as error:
        raise WeightsError(f"{config.base}: {error}") from error


def _describe_gguf(path: Path) -> dict[str, Any]:
    from transformers import GgufConfig

    # Unpacked once: left in blocks, every product of matrices would unpack them again.
    return {"gguf_file": path.name, "quantization_config": GgufConfig(dequantize=True)}


def _describe_quantisation(config: RunConfig) -> Any:
    from transformers import BitsAndBytesConfig

    if config.quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=config.double_quantisation,
        bnb_4bit_compute_dtype=DTYPES[config.dtype],
    )


def attach_adapter(lm: Any, config: RunConfig) -> Any:
    """A new adapter, or the weights of a parent that `check_parent` let in. Raises WeightsError for unknown targets."""
    from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training

    if config.quantisation != "none":
        # Its own way to checkpoint activations is one that transformers calls deprecated.
        lm = prepare_model_for_kbit_training(lm, use_gradient_checkpointing=False)  # type: ignore[no-untyped-call]
    if config.gradient_checkpointing:
        lm.activation_checkpointing_enable({"use_reentrant": False})
        lm.enable_input_require_grads()
    if config.parent_adapter:
        tuned = PeftModel.from_pretrained(lm, config.parent_adapter, is_trainable=True)
        logger.info("rank, alpha and layers are those of the parent adapter, not of this config")
    else:
        torch.manual_seed(config.seed)
        try:
            tuned = get_peft_model(lm, build_lora(config))
        except ValueError as error:
            raise WeightsError(f"lora.targets: {error}") from error
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()  # an adapter in 16 bits does not move by small steps
    return tuned


def build_lora(config: RunConfig) -> Any:
    """The settings as PEFT wants them."""
    from peft import LoraConfig

    return LoraConfig(
        r=config.lora.rank,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=_name_targets(config.lora.targets),
        task_type="CAUSAL_LM",
    )


def _name_targets(targets: tuple[str, ...]) -> list[str] | str | None:
    """As PEFT wants them: None for its own choice."""
    if targets == ("default",):
        return None
    return "all-linear" if targets == ("all-linear",) else list(targets)


def build_optimizer(trained: list[torch.nn.Parameter], config: RunConfig) -> torch.optim.Optimizer:
    """Paged and 8-bit ones are bitsandbytes' (Dettmers et al. 2022, 2023); pages need CUDA, so a CPU does without."""
    name = config.optimizer
    settings: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if name == "adamw":
        return torch.optim.AdamW(trained, **settings)
    import bitsandbytes.optim

    optim: Any = bitsandbytes.optim
    on_cpu = trained[0].device.type == "cpu"
    if on_cpu and name.startswith("paged_"):
        logger.info("%s: a CPU has no pages to move, so its unpaged form is taken", name)
    kinds = {
        "adamw_8bit": optim.AdamW8bit,
        "paged_adamw_8bit": optim.AdamW8bit if on_cpu else optim.PagedAdamW8bit,
        "paged_adamw_32bit": optim.AdamW32bit if on_cpu else optim.PagedAdamW32bit,
    }
    optimizer: torch.optim.Optimizer = kinds[name](trained, **settings)
    return optimizer


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
    if manifest["base_digest"] != base_digest:
        made_for = manifest["base_digest"][:12]
        raise WeightsError(f"{folder} was made for base {made_for}, this base is {base_digest[:12]}")
    return digest
