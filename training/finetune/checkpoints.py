"""Checkpoints of a run: adapter, optimiser and place. A folder under its final name is complete."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.finetune.processes import Processes, gather_whole, place_like
from training.finetune.run_folder import write_folder_atomically

NAME = re.compile(r"step-(\d{6,})")


def save_checkpoint(
    run_folder: Path, step: int, lm: Any, optimizer: torch.optim.Optimizer, *, keep: int, processes: Processes
) -> None:
    trained = read_trained(lm)
    tensors, numbers = _read_optimizer(lm, optimizer)

    def fill(folder: Path) -> None:
        save_file(trained, folder / "trained.safetensors")
        save_file(tensors, folder / "optimizer.safetensors")
        (folder / "state.json").write_text(json.dumps({"step": step, "optimizer": numbers}))

    processes.first_alone(lambda: _write(run_folder, step, fill, keep))


def _write(run_folder: Path, step: int, fill: Callable[[Path], None], keep: int) -> None:
    checkpoints = run_folder / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    write_folder_atomically(checkpoints / f"step-{step:06d}", fill)
    for older in list_checkpoints(run_folder)[:-keep]:
        pruned = older.with_name(f".{older.name}.pruned")  # half-deleted, it must not pass for a complete one
        older.rename(pruned)
        shutil.rmtree(pruned)


def list_checkpoints(run_folder: Path) -> list[Path]:
    """Complete ones, oldest first."""
    found = [path for path in (run_folder / "checkpoints").glob("step-*") if NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def load_checkpoint(folder: Path, lm: Any, optimizer: torch.optim.Optimizer) -> int:
    """Put everything back as it was; returns the number of steps done."""
    trained = load_file(folder / "trained.safetensors")
    state = json.loads((folder / "state.json").read_text())
    tensors = load_file(folder / "optimizer.safetensors")
    for name, parameter in list_trained(lm):
        parameter.data.copy_(place_like(trained[name], parameter.data))
        kept = {key: place_like(value, parameter.data) for key, value in _pick(tensors, name).items()}
        optimizer.state[parameter] = {**kept, **_pick(state["optimizer"], name)}
    step: int = state["step"]
    return step


def read_trained(lm: Any) -> dict[str, torch.Tensor]:
    return {name: gather_whole(parameter.data) for name, parameter in list_trained(lm)}


def list_trained(lm: Any) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, parameter) for name, parameter in lm.named_parameters() if parameter.requires_grad]


def _read_optimizer(
    lm: Any, optimizer: torch.optim.Optimizer
) -> tuple[dict[str, torch.Tensor], dict[str, int | float]]:
    """`<layer>/<name>` of each tensor, and of each plain number: bitsandbytes counts its steps in an int."""
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, int | float] = {}
    for layer, parameter in list_trained(lm):
        for name, value in optimizer.state[parameter].items():
            if isinstance(value, torch.Tensor):
                tensors[f"{layer}/{name}"] = gather_whole(value).clone()  # bitsandbytes shares its tables
            else:
                numbers[f"{layer}/{name}"] = value
    return tensors, numbers


def _pick(values: dict[str, Any], layer: str) -> dict[str, Any]:
    return {key.removeprefix(f"{layer}/"): value for key, value in values.items() if key.startswith(f"{layer}/")}
