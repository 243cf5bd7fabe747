"""Checkpoints of a run: adapter, optimiser and place. A folder under its final name is complete."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.finetune.run_folder import write_folder_atomically

NAME = re.compile(r"step-(\d{6,})")


def save_checkpoint(run_folder: Path, step: int, lm: Any, optimizer: torch.optim.Optimizer, *, keep: int) -> None:
    def fill(folder: Path) -> None:
        save_file(read_trained(lm), folder / "trained.safetensors")
        save_file(_flatten(optimizer), folder / "optimizer.safetensors")
        (folder / "state.json").write_text(json.dumps({"step": step}))

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
    for name, parameter in _list_trained(lm):
        parameter.data.copy_(trained[name])
    flat = load_file(folder / "optimizer.safetensors")
    state = optimizer.state_dict()
    state["state"] = {}
    for key, value in flat.items():
        number, _, name = key.partition(".")
        state["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(state)
    step: int = json.loads((folder / "state.json").read_text())["step"]
    return step


def read_trained(lm: Any) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().cpu().contiguous() for name, parameter in _list_trained(lm)}


def _list_trained(lm: Any) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, parameter) for name, parameter in lm.named_parameters() if parameter.requires_grad]


def _flatten(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{number}.{name}": torch.as_tensor(value).cpu()
        for number, fields in state.items()
        for name, value in fields.items()
    }
