"""An adapter folded into its base: a folder of 16-bit safetensors with the tokenizer, for any server that takes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.finetune.config import RunConfig
from training.finetune.lm import WeightsError, compute_base_digest, load_base, load_tokenizer
from training.finetune.run_folder import write_folder_atomically, write_json


def merge_adapter(
    config: RunConfig, adapter: Path, manifest: dict[str, Any], target: Path, *, shows_progress: bool = False
) -> None:
    """`config` names base and dtype, never a quantised base: its rounding would be folded in. Raises WeightsError."""
    from peft import PeftModel

    digest = compute_base_digest(config.base)
    if digest != manifest["base_digest"]:
        raise WeightsError(f"the adapter was made for base {manifest['base_digest'][:12]}, this one is {digest[:12]}")
    tuned = PeftModel.from_pretrained(load_base(config, "cpu"), str(adapter))
    lm = tuned.merge_and_unload(progressbar=shows_progress, safe_merge=True)
    tokenizer = load_tokenizer(config.base)

    def fill(folder: Path) -> None:
        lm.save_pretrained(folder, safe_serialization=True)
        tokenizer.save_pretrained(folder)
        origin = {"base_digest": digest, "adapter_digest": manifest["adapter_digest"], "dtype": config.dtype}
        write_json(folder / "merged_from.json", origin)

    write_folder_atomically(target, fill)
