"""A run from its folder to its manifest. Killed at any moment, the same command goes on from the last checkpoint."""

from __future__ import annotations

import json
import logging
import math
import platform
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from chat.inference.digest import sha256_of
from training.finetune import run_folder as files
from training.finetune.batches import Tree, follow_steps
from training.finetune.checkpoints import list_checkpoints, list_trained, load_checkpoint, read_trained, save_checkpoint
from training.finetune.config import ConfigError, RunConfig, dump_config, load_config
from training.finetune.inputs import build_heldout, build_template, build_trees, fix_inputs, refuse_repeated_ids
from training.finetune.lm import attach_adapter, build_optimizer, compute_base_digest, load_base, load_tokenizer
from training.finetune.objective import compute_loss, learning_rate_factor, total_weight
from training.finetune.processes import Processes
from training.finetune.references import find_references
from training.finetune.replies import measure_reply_tokens
from training.finetune.scorer import Scorer, build_scorer
from training.finetune.step import add_up, measure_peak_memory, take_step
from training.finetune.templates import Template
from training.finetune.watch import CollapseWatch

logger = logging.getLogger(__name__)

ARCHITECTURE = ("model_type", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
SEED_OF_PROCESS = 1_000_003
LIBRARIES = ("torch", "transformers", "peft", "safetensors", "accelerate", "bitsandbytes")


Report = Callable[[str, int, int, dict[str, float]], None]


class RunCancelled(Exception):
    """Asked to stop; a checkpoint is written, and the same command goes on from it."""


class RunCollapsed(Exception):
    """DPO pushed the better answers down; the last checkpoint before that is kept."""


@dataclass
class Run:
    folder: Path
    config: RunConfig
    processes: Processes
    is_cancelled: Callable[[], bool]
    report: Report
    special_ids: frozenset[int] = frozenset()
    metrics: files.MetricsFile = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = files.MetricsFile(self.folder)

    def write(self, figures: dict[str, Any]) -> None:
        if self.processes.is_first:
            self.metrics.append(figures)

    def pass_reference(self, done: int, total: int) -> None:
        self.report("reference", done, total, {})
        self.stop_if_cancelled()

    def stop_if_cancelled(self) -> None:
        if self.processes.agree(self.is_cancelled()):
            raise RunCancelled("stopped between two passes")


def train(
    folder: Path,
    *,
    processes: Processes | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    report: Report = lambda phase, done, total, figures: None,
) -> dict[str, Any]:
    """Train to the end and return the manifest; a run that is whole already is left as it is.

    `report` is told the phase (reference, step, held out), how much of it is done, how much there is, and a step's
    figures. Raises ConfigError, RecordError, WeightsError, RunCancelled, RunCollapsed, RunDiverged, ReferenceDiffers,
    files.FolderBusy.
    """
    processes = processes or Processes()
    with files.lock(folder) if processes.is_first else nullcontext():
        return _train(Run(folder, load_config(folder / "config.json"), processes, is_cancelled, report))


def _train(run: Run) -> dict[str, Any]:
    folder, config, processes = run.folder, run.config, run.processes
    if config.dtype == "float16":
        raise ConfigError("dtype float16 merges and serves; its range is too small for gradients: take bfloat16")
    inputs: dict[str, Any] = {}
    processes.check_config(config.optimizer, config.quantisation)
    digest = compute_base_digest(config.base)
    tokenizer = load_tokenizer(config.base)
    run.special_ids = frozenset(tokenizer.all_special_ids)
    template = build_template(config, tokenizer)
    processes.first_alone(lambda: inputs.update(fix_inputs(folder, config, digest, tokenizer, template)))
    if (manifest := files.read_manifest(folder)) is not None:
        logger.info("%s is whole already", folder)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return manifest
    trees = list(build_trees(config, tokenizer, template, folder / "data" / "train.jsonl"))
    heldout = list(build_heldout(config, tokenizer, template, folder / "data" / "heldout.jsonl"))
    refuse_repeated_ids([*trees, *heldout])
    lm = attach_adapter(load_base(config, processes.loading_device), config)
    scorer = build_scorer(lm, processes.loading_device, use_trees=config.use_trees, row_tokens=config.row_tokens)
    if processes.is_sharded:
        scorer.lm, scorer.device = processes.cut(lm), processes.device
        # Shards are gathered when the whole lm is called, and the head in blocks calls its body only.
        scorer.use_head = False
    optimizer = build_optimizer([parameter for _, parameter in list_trained(lm)], config)
    logger.info("%d conversations to learn from, %d held out, on %s", len(trees), len(heldout), processes.device)
    steps_done = _learn(run, scorer, optimizer, trees, heldout)
    weights = read_trained(lm)
    if processes.is_first:
        manifest = _finish(run, lm, weights, inputs, template, steps_done, len(trees), scorer.use_trees)
    processes.wait()
    return manifest or files.read_manifest(folder) or {}


def _learn(run: Run, scorer: Scorer, optimizer: torch.optim.Optimizer, trees: list[Tree], heldout: list[Tree]) -> int:
    config, lm, processes = run.config, scorer.lm, run.processes
    references = {}
    if config.method == "dpo":
        references = find_references(run.folder, config, scorer, [*trees, *heldout], processes, run.pass_reference)
    steps_an_epoch = math.ceil(len(trees) / config.trees_per_step)
    total = config.max_steps or steps_an_epoch * config.epochs
    done = 0
    if checkpoints := list_checkpoints(run.folder):
        done = load_checkpoint(checkpoints[-1], lm, optimizer)
        logger.info("going on after step %d of %d", done, total)
    processes.first_alone(lambda: run.metrics.rewind(done if done else -1))
    seen = run.metrics.read()
    watch = CollapseWatch()
    for line in seen:
        if "chosen_gain" in line:  # what a resumed run saw before it was cut off
            watch.has_collapsed(chosen_gain=line["chosen_gain"], margin=line["margin"])

    def keep() -> None:
        save_checkpoint(run.folder, done, lm, optimizer, keep=config.keep_checkpoints, processes=processes)

    def evaluate_if_due() -> None:
        if heldout and (done % config.evaluate_steps == 0 or done == total):
            try:
                _evaluate(run, scorer, heldout, references, done)
            except RunCancelled:
                keep()
                raise

    if not any(line["step"] == done and "heldout_loss" in line for line in seen):
        evaluate_if_due()
    steps = follow_steps(trees, trees_per_step=config.trees_per_step, seed=config.seed, done=done)
    for step in islice(steps, total - done):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * learning_rate_factor(done, total, config)
        # A step's randomness depends on its number and process alone: a resumed run meets the same dropout.
        torch.manual_seed(config.seed + done + SEED_OF_PROCESS * processes.rank)
        figures = take_step(config, processes, scorer, step, references, optimizer)
        done += 1
        run.write({"step": done, "epoch": round(done / steps_an_epoch, 3), "total": total, **figures})
        run.report("step", done, total, figures)
        if config.method == "dpo" and watch.has_collapsed(chosen_gain=figures["chosen_gain"], margin=figures["margin"]):
            raise RunCollapsed(
                f"step {done}: the better answers get less likely while the margin grows; lower beta or the rate"
            )
        if processes.agree(run.is_cancelled()):
            keep()
            raise RunCancelled(f"stopped after step {done} of {total}")
        evaluate_if_due()
        if done % config.checkpoint_steps == 0:
            keep()
    return done


@torch.no_grad()
def _evaluate(run: Run, scorer: Scorer, heldout: list[Tree], references: dict[str, torch.Tensor], step: int) -> None:
    scorer.lm.eval()
    total = total_weight(run.config, heldout)
    sums: dict[str, float] = {}
    rows = run.processes.share(list(scorer.list_rows(heldout)))
    for number, (row, factor) in enumerate(rows, start=1):
        run.report("held out", number, len(rows), {})
        run.stop_if_cancelled()
        loss, figures = compute_loss(run.config, scorer.score(row), row, references, total)
        add_up(sums, loss, figures, counts=factor > 0)
    sums = run.processes.add(sums)
    if run.config.method == "sft":
        sums["perplexity"] = math.exp(sums["loss"])
    elif run.processes.number == 1:
        sums["reply_tokens"] = measure_reply_tokens(scorer.lm, heldout, scorer.device, run.special_ids)
    run.write({"step": step, **{f"heldout_{name}": value for name, value in sums.items()}})
    logger.info("step %d: held out %s", step, ", ".join(f"{name} {value:.3f}" for name, value in sums.items()))


def _finish(
    run: Run,
    lm: Any,
    weights: dict[str, torch.Tensor],
    inputs: dict[str, Any],
    template: Template,
    steps: int,
    conversations: int,
    use_trees: bool,
) -> dict[str, Any]:
    files.write_folder_atomically(run.folder / "adapter", lambda folder: _save_adapter(lm, weights, folder))
    manifest = {
        "format": 1,
        "base": Path(run.config.base).name,
        "base_digest": inputs["base"],
        "architecture": {name: getattr(lm.config.get_text_config(), name, None) for name in ARCHITECTURE},
        "parent_adapter": run.config.parent_adapter,
        "parent_digest": inputs["parent"],
        "adapter_digest": sha256_of(run.folder / "adapter" / "adapter_model.safetensors"),
        "data_digests": inputs["data"],
        "config": dump_config(run.config),
        "prompt_versions": getattr(template, "versions", {}),
        "conversations": conversations,
        "steps": steps,
        "trees": use_trees,
        "processes": run.processes.number,
        "seed": run.config.seed,
        "peak_memory_bytes": measure_peak_memory(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "last_metrics": run.metrics.read()[-1:],
    }
    files.write_json(run.folder / files.MANIFEST, manifest)
    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
    return manifest


def _save_adapter(lm: Any, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """In 16 bits, half the size: whoever serves it computes in 16 bits or fewer."""
    lm.save_pretrained(folder, safe_serialization=True, state_dict=weights)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    halves = {name: value.half().contiguous() for name, value in load_file(file).items()}
    save_file(halves, file, metadata={"format": "pt"})
    # peft keeps them in a set: the same run would write them in another order each time.
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    files.write_json(folder / "adapter_config.json", config)
