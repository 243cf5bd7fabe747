"""A run from its folder to its manifest. Killed at any moment, the same command goes on from the last checkpoint."""

from __future__ import annotations

import json
import logging
import math
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save, save_file

from chat.inference.digest import sha256_of
from training.finetune import run_folder as files
from training.finetune.batches import Tree, follow_steps
from training.finetune.checkpoints import list_checkpoints, load_checkpoint, save_checkpoint
from training.finetune.config import ConfigError, RunConfig, dump_config, load_config
from training.finetune.lm import attach_adapter, check_parent, compute_base_digest, load_base, load_tokenizer
from training.finetune.losses import dpo_losses, sft_loss
from training.finetune.records import RecordError, read_conversations
from training.finetune.scorer import Scorer, Scores
from training.finetune.scoring import can_take_forests
from training.finetune.templates import ChatTemplate, LabelTemplate, PersonaTemplate, Template
from training.finetune.tokens import build_dpo_tree, build_sft_tree
from training.finetune.watch import CollapseWatch

logger = logging.getLogger(__name__)

REFERENCE = "reference.safetensors"
REFERENCE_TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2, "float16": 3e-2}
ARCHITECTURE = ("model_type", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
LIBRARIES = ("torch", "transformers", "peft", "safetensors")


class RunCancelled(Exception):
    """Asked to stop; a checkpoint is written, and the same command goes on from it."""


class RunCollapsed(Exception):
    """DPO pushed the better answers down; the last checkpoint before that is kept."""


class RunDiverged(RuntimeError):
    """The loss or its gradient is no finite number any more; nothing of that step is kept."""


class ReferenceDiffers(RuntimeError):
    """The stored log-probabilities are not what the lm gives now: another parent, base or library."""


@dataclass
class Run:
    folder: Path
    config: RunConfig
    device: str
    is_cancelled: Callable[[], bool]
    metrics: files.MetricsFile = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = files.MetricsFile(self.folder)


def train(folder: Path, *, is_cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """Train to the end and return the manifest; a run that is whole already is left as it is.

    Raises ConfigError, RecordError, WeightsError, RunCancelled, RunCollapsed, RunDiverged, ReferenceDiffers.
    """
    config = load_config(folder / "config.json")
    inputs = _fix_inputs(folder, config, compute_base_digest(config.base))
    if (manifest := files.read_manifest(folder)) is not None:
        logger.info("%s is whole already", folder)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return manifest
    run = Run(folder, config, "cuda" if torch.cuda.is_available() else "cpu", is_cancelled)
    tokenizer = load_tokenizer(run.config.base)
    template = build_template(run.config, tokenizer)
    trees = list(build_trees(run.config, tokenizer, template, folder / "data" / "train.jsonl"))
    heldout_file = folder / "data" / "heldout.jsonl"
    heldout = list(build_trees(run.config, tokenizer, template, heldout_file)) if heldout_file.exists() else []
    _refuse_repeated_ids([*trees, *heldout])
    lm = attach_adapter(load_base(run.config, run.device), run.config)
    use_trees = run.config.use_trees
    if use_trees and not can_take_forests(lm, run.device):
        logger.warning(
            "%s cannot take a tree's mask: training on padded pairs, slower", type(lm.base_model.model).__name__
        )
        use_trees = False
    scorer = Scorer(lm, run.device, use_trees=use_trees, row_tokens=run.config.row_tokens)
    logger.info("%d conversations to learn from, %d held out, on %s", len(trees), len(heldout), run.device)
    steps_done = _learn(run, scorer, trees, heldout)
    return _finish(run, lm, inputs, template, steps_done, len(trees), use_trees)


def _fix_inputs(folder: Path, config: RunConfig, base_digest: str) -> dict[str, Any]:
    """Digests of all that goes in, kept from the first start on. Raises ConfigError where something has changed."""
    inputs = {
        "config": sha256_of(folder / "config.json"),
        "data": {path.name: sha256_of(path) for path in sorted((folder / "data").glob("*.jsonl"))},
        "base": base_digest,
        "parent": check_parent(Path(config.parent_adapter), base_digest) if config.parent_adapter else "",
    }
    file = folder / files.INPUTS
    if not file.exists():
        files.write_json(file, inputs)
        return inputs
    began_with = json.loads(file.read_text())
    if changed := [name for name, value in inputs.items() if began_with.get(name) != value]:
        raise ConfigError(f"{', '.join(changed)} changed since this run began: take a new folder for a new run")
    return inputs


def _refuse_repeated_ids(trees: Sequence[Tree]) -> None:
    seen: set[str] = set()
    for tree in trees:
        if tree.conversation_id in seen:
            raise RecordError("duplicate_id", tree.conversation_id, "two conversations, of both files, bear this id")
        seen.add(tree.conversation_id)


def build_template(config: RunConfig, tokenizer: Any) -> Template:
    settings = config.template
    if settings.kind == "chat":
        return ChatTemplate(tokenizer, settings.system)
    if settings.kind == "label":
        return LabelTemplate(settings.user, settings.bot, settings.separator, settings.stop, settings.system)
    return PersonaTemplate({character: Path(path) for character, path in settings.personas.items()})


def build_trees(config: RunConfig, tokenizer: Any, template: Template, file: Path) -> Iterator[Tree]:
    """Raises RecordError; also where a DPO file holds no pair at all."""
    is_empty = True
    for conversation in read_conversations(file):
        if config.method == "sft":
            tree: Tree | None = build_sft_tree(
                tokenizer, template, conversation, longest=config.max_tokens, last_only=config.last_answer_only
            )
        else:
            tree = build_dpo_tree(tokenizer, template, conversation, longest=config.max_tokens)
        if tree is not None:
            is_empty = False
            yield tree
    if is_empty:
        raise RecordError("no_pairs", file.name, "no conversation in this file has a pair of answers to compare")


def _learn(run: Run, scorer: Scorer, trees: list[Tree], heldout: list[Tree]) -> int:
    config, lm = run.config, scorer.lm
    trained = [parameter for parameter in lm.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=config.weight_decay)
    references = _find_references(run, scorer, [*trees, *heldout]) if config.method == "dpo" else {}
    steps_an_epoch = math.ceil(len(trees) / config.trees_per_step)
    total = config.max_steps or steps_an_epoch * config.epochs
    done = 0
    if checkpoints := list_checkpoints(run.folder):
        done = load_checkpoint(checkpoints[-1], lm, optimizer)
        logger.info("going on after step %d of %d", done, total)
    run.metrics.rewind(done if done else -1)
    if done == 0:
        _evaluate(run, scorer, heldout, references, 0)
    watch = CollapseWatch()
    for line in run.metrics.read():
        if "chosen_gain" in line:  # what a resumed run saw before it was cut off
            watch.has_collapsed(chosen_gain=line["chosen_gain"], margin=line["margin"])
    steps = follow_steps(trees, trees_per_step=config.trees_per_step, seed=config.seed, done=done)
    for step in islice(steps, total - done):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * learning_rate_factor(done, total, config)
        # A step's randomness depends on its number alone: a resumed run meets the same dropout.
        torch.manual_seed(config.seed + done)
        figures = _take_step(run, scorer, step, references, optimizer, trained)
        done += 1
        run.metrics.append({"step": done, "epoch": round(done / steps_an_epoch, 3), "total": total, **figures})
        if config.method == "dpo" and watch.has_collapsed(chosen_gain=figures["chosen_gain"], margin=figures["margin"]):
            raise RunCollapsed(
                f"step {done}: the better answers get less likely while the margin grows; lower beta or the rate"
            )
        if done % config.evaluate_steps == 0 or done == total:
            _evaluate(run, scorer, heldout, references, done)
        is_cancelled = run.is_cancelled()
        if done % config.checkpoint_steps == 0 or is_cancelled:
            save_checkpoint(run.folder, done, lm, optimizer, keep=config.keep_checkpoints)
        if is_cancelled:
            raise RunCancelled(f"stopped after step {done} of {total}")
    return done


def learning_rate_factor(done: int, total: int, config: RunConfig) -> float:
    """Share of the learning rate for the step after `done`: a linear warm-up, then the schedule down to 0."""
    warm = math.ceil(config.warmup * total)
    if done < warm:
        return (done + 1) / (warm + 1)
    if config.schedule == "constant":
        return 1.0
    rest = (done - warm) / max(1, total - warm)
    return 1 - rest if config.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * rest))


def _take_step(
    run: Run,
    scorer: Scorer,
    step: list[Tree],
    references: dict[str, torch.Tensor],
    optimizer: torch.optim.Optimizer,
    trained: list[torch.nn.Parameter],
) -> dict[str, Any]:
    started = time.monotonic()
    scorer.lm.train()
    optimizer.zero_grad(set_to_none=True)
    total = _total_weight(run.config, step)
    sums: dict[str, float] = {}
    for row in scorer.list_rows(step):
        loss, figures = compute_loss(run.config, scorer.score(row), row, references, total)
        loss.backward()  # type: ignore[no-untyped-call]
        _add_up(sums, loss, figures)
    norm = float(torch.nn.utils.clip_grad_norm_(trained, run.config.max_gradient_norm))
    if not math.isfinite(sums["loss"]) or not math.isfinite(norm):
        raise RunDiverged(f"loss {sums['loss']}, gradient {norm}: lower learning_rate, or take bfloat16 or float32")
    optimizer.step()
    return {
        **sums,
        "gradient_norm": norm,
        "learning_rate": optimizer.param_groups[0]["lr"],
        "nodes": sum(tree.tokens for tree in step),
        "scored_tokens": sum(tree.scored_tokens for tree in step),
        "seconds": round(time.monotonic() - started, 3),
    }


def _total_weight(config: RunConfig, trees: Sequence[Tree]) -> float:
    if config.method == "sft":
        return sum(w * len(path.scored) for tree in trees for path, w in zip(tree.paths, tree.weights, strict=True))
    return sum(weight for tree in trees for weight in tree.weights[::2])


def compute_loss(
    config: RunConfig, scores: Scores, row: Sequence[Tree], references: dict[str, torch.Tensor], total: float
) -> tuple[torch.Tensor, dict[str, float]]:
    """The row's part of the step's loss, and its part of the step's figures."""
    weights = torch.tensor([weight for tree in row for weight in tree.weights], device=scores.token_logps.device)
    if config.method == "sft":
        return sft_loss(scores.token_logps, weights[scores.paths], total), {}
    by_path = scores.sum_by_path()
    reference = torch.cat([references[tree.conversation_id] for tree in row]).to(by_path)
    agreements = torch.tensor([value for tree in row for value in tree.agreements], device=by_path.device)
    pair_weights = weights[::2] / total
    losses = dpo_losses(
        by_path[::2],
        by_path[1::2],
        reference[::2],
        reference[1::2],
        beta=config.beta,
        label_smoothing=1 - agreements,
    )
    loss = (losses * pair_weights).sum()
    gains = (by_path - reference).detach()
    lengths = torch.tensor([len(path.scored) for tree in row for path in tree.paths], device=by_path.device)
    if config.sft_weight:
        loss = loss - config.sft_weight * (by_path[::2] / lengths[::2] * pair_weights).sum()
    rewards = config.beta * gains
    figures = {
        "chosen_reward": float((rewards[::2] * pair_weights).sum()),
        "rejected_reward": float((rewards[1::2] * pair_weights).sum()),
        "margin": float(((rewards[::2] - rewards[1::2]) * pair_weights).sum()),
        "accuracy": float(((gains[::2] > gains[1::2]) * pair_weights).sum()),
        "chosen_gain": float((gains[::2] / lengths[::2] * pair_weights).sum()),
    }
    return loss, figures


def _add_up(sums: dict[str, float], loss: torch.Tensor, figures: dict[str, float]) -> None:
    for name, value in {"loss": float(loss.detach()), **figures}.items():
        sums[name] = sums.get(name, 0.0) + value


@torch.no_grad()
def _evaluate(run: Run, scorer: Scorer, heldout: list[Tree], references: dict[str, torch.Tensor], step: int) -> None:
    if not heldout:
        return
    scorer.lm.eval()
    total = _total_weight(run.config, heldout)
    sums: dict[str, float] = {}
    for row in scorer.list_rows(heldout):
        loss, figures = compute_loss(run.config, scorer.score(row), row, references, total)
        _add_up(sums, loss, figures)
    if run.config.method == "sft":
        sums["perplexity"] = math.exp(sums["loss"])
    run.metrics.append({"step": step, **{f"heldout_{name}": value for name, value in sums.items()}})
    logger.info("step %d: held out %s", step, ", ".join(f"{name} {value:.3f}" for name, value in sums.items()))


@torch.no_grad()
def _find_references(run: Run, scorer: Scorer, trees: list[Tree]) -> dict[str, torch.Tensor]:
    """The parent's log-probability of every path, by conversation: computed once, stored, checked by a fresh pass."""
    file = run.folder / REFERENCE
    scorer.lm.eval()
    if file.exists():
        stored: dict[str, torch.Tensor] = load_file(file)
    else:
        stored = {}
        for row in scorer.list_rows(trees):
            stored |= _score_by_conversation(scorer, row)
        files.write_atomically(file, save(stored))
    tolerance = REFERENCE_TOLERANCE[run.config.dtype]
    for row in scorer.list_rows(trees[: run.config.trees_per_step]):
        for conversation_id, fresh in _score_by_conversation(scorer, row).items():
            kept = stored.get(conversation_id)
            if kept is None or not torch.allclose(kept, fresh, rtol=tolerance, atol=tolerance):
                raise ReferenceDiffers(f"{REFERENCE}: {conversation_id} is {fresh.tolist()} now, stored is {kept}")
    return stored


def _score_by_conversation(scorer: Scorer, row: Sequence[Tree]) -> dict[str, torch.Tensor]:
    sums = scorer.score(row).sum_by_path().cpu()
    counts = [len(tree.paths) for tree in row]
    return {tree.conversation_id: part for tree, part in zip(row, torch.split(sums, counts), strict=True)}


def _finish(
    run: Run, lm: Any, inputs: dict[str, Any], template: Template, steps: int, conversations: int, use_trees: bool
) -> dict[str, Any]:
    files.write_folder_atomically(run.folder / "adapter", lambda folder: _save_adapter(lm, folder))
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
        "seed": run.config.seed,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "last_metrics": run.metrics.read()[-1:],
    }
    files.write_json(run.folder / files.MANIFEST, manifest)
    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)
    return manifest


def _save_adapter(lm: Any, folder: Path) -> None:
    """In 16 bits, half the size: whoever serves it computes in 16 bits or fewer."""
    lm.save_pretrained(folder, safe_serialization=True)
    (folder / "README.md").unlink(missing_ok=True)
    weights = folder / "adapter_model.safetensors"
    halves = {name: value.half().contiguous() for name, value in load_file(weights).items()}
    save_file(halves, weights, metadata={"format": "pt"})
