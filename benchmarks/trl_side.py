"""`python -m benchmarks.trl_side TASK RESULT`: TRL's trainer on one task, in a process of its own.

TRL gets the very ids that ours gets: its own tokenising would add an end token that our answers do not have. Everything
else is TRL's: collator, padding, passes, loss.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from benchmarks.rated_talks import Example, group_by_talk, load
from training.finetune.config import RunConfig, parse_config
from training.finetune.lm import attach_adapter, build_lora, load_base
from training.finetune.step import measure_peak_memory


class TokenisedDPOTrainer(DPOTrainer):
    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        return dataset


def run(task: dict[str, Any]) -> dict[str, Any]:
    settings = task["settings"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    fields = {"base": task["base"], "dtype": task["dtype"], "lora": task["lora"], **task.get("config", {})}
    config = parse_config(fields)
    base = load_base(config, device)
    if settings.get("same_start"):
        # The very same random adapter as on our side, for comparing losses; TRL then keeps a second one as reference.
        model = {"model": attach_adapter(base, config)}
    else:
        model = {"model": base, "peft_config": build_lora(config)}
    examples = load(task["examples"])
    with torch.no_grad():  # both sides are warm when the clock starts
        base(torch.tensor([examples[0].prompt + examples[0].chosen], device=device))
    with tempfile.TemporaryDirectory() as folder:
        constructing = time.monotonic()
        trainer = build_trainer(task, config, model, list_rows(examples, task["method"]), device, folder)
        # The reference is computed ahead while the trainer is put together; without that, only learning counts.
        started = constructing if settings.get("precompute") else time.monotonic()
        trainer.train()
        seconds = time.monotonic() - started
    logged = [line for line in trainer.state.log_history if "loss" in line]
    result: dict[str, Any] = {
        "seconds": seconds,
        "losses": [line["loss"] for line in logged],
        "peak_memory_bytes": measure_peak_memory(),
    }
    if task["method"] == "dpo":
        result["logps_chosen"], result["logps_rejected"] = logged[0]["logps/chosen"], logged[0]["logps/rejected"]
    return result


def build_trainer(
    task: dict[str, Any],
    config: RunConfig,
    model: dict[str, Any],
    rows: list[dict[str, Any]],
    device: str,
    folder: str,
) -> Any:
    settings = task["settings"]
    common = {
        "output_dir": folder,
        "per_device_train_batch_size": settings["batch"],
        "gradient_accumulation_steps": len(rows) // task["steps"] // settings["batch"],
        "learning_rate": task["learning_rate"],
        "lr_scheduler_type": "constant",
        "max_grad_norm": 1e9,
        "weight_decay": 0.0,
        "num_train_epochs": 1,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": device == "cpu",
        # A plain lm is loaded in its dtype already; of a quantised one parts stay in 32 bits without autocast.
        "bf16": config.quantisation != "none" and device == "cuda",
        "gradient_checkpointing": config.gradient_checkpointing,
        "max_length": None,
        "disable_tqdm": True,
        "optim": "adamw_torch",
        "dataloader_pin_memory": False,
    }
    given = {
        **model,
        "train_dataset": Dataset.from_list(rows),
        "processing_class": load_any_tokenizer(task["base"]),
    }
    if task["method"] == "dpo":
        precompute = settings["precompute"]
        arguments = DPOConfig(**common, beta=0.1, precompute_ref_log_probs=precompute, dataset_num_proc=1)
        trainer: Any = TokenisedDPOTrainer(args=arguments, **given)
    else:
        trainer = SFTTrainer(args=SFTConfig(**common, dataset_kwargs={"skip_prepare_dataset": True}), **given)
    # The order of the rows is part of the task: both sides take the same steps.
    trainer._get_train_sampler = lambda dataset=None: torch.utils.data.SequentialSampler(trainer.train_dataset)
    return trainer


def load_any_tokenizer(base: str) -> Any:
    """TRL wants one, for its padding token; a base of random weights has none."""
    if (Path(base) / "tokenizer.json").exists():
        return AutoTokenizer.from_pretrained(base)
    from tokenizers import Tokenizer, models

    plain = Tokenizer(models.WordLevel({"<pad>": 0, "</s>": 1, "<unk>": 2}, unk_token="<unk>"))
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="<pad>", eos_token="</s>")


def list_rows(examples: list[Example], method: str) -> list[dict[str, Any]]:
    if method == "dpo":
        return [
            {"prompt_ids": example.prompt, "chosen_ids": example.chosen, "rejected_ids": example.rejected}
            for example in examples
        ]
    return list(merge_answers(examples))


def merge_answers(examples: list[Example]) -> Any:
    """One row a conversation with loss on every answer: what TRL does best with a talk that is learned whole.

    The end of a line is another token once the talk goes on: TRL's row cannot learn it there, and leaves it out.
    """
    for talk in group_by_talk(examples).values():
        last = talk[-1]
        ids = [*last.prompt, *last.chosen]
        labels = [-100] * len(ids)
        for example in talk:
            place = slice(len(example.prompt), len(example.prompt) + len(example.chosen))
            labels[place] = [
                mine if mine == there else -100 for mine, there in zip(example.chosen, ids[place], strict=True)
            ]
        yield {"input_ids": ids, "labels": labels}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))
