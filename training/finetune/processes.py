"""One run on several processes: each takes its share of a step's rows, and all take the same step.

`accelerate launch --config_file deploy/accelerate/ddp.yaml -m training.finetune RUN_FOLDER` starts them. Without FSDP
every process holds the whole lm and gradients are summed; with FSDP 2 each holds a part of it. A step's loss is divided
by the weight of the whole step before it is cut into rows, so sums over processes equal one process exactly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from training.finetune.batches import Tree

K = TypeVar("K")


class LaunchError(ValueError):
    """Started in a way that this trainer has no counterpart for."""


class Processes:
    """This process among those of the run; alone unless a launcher says otherwise. Rank 0 writes the files.

    `accelerate launch` and `torchrun` tell by environment variables, also what a config file says of FSDP.
    """

    def __init__(self) -> None:
        self.number = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.is_sharded = self.number > 1 and os.environ.get("ACCELERATE_USE_FSDP") == "true"
        if self.number > 1:
            self._join()

    @property
    def loading_device(self) -> str:
        """A base that is to be cut is put together on the CPU: whole, it may not fit on one GPU."""
        return "cpu" if self.is_sharded else self.device

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def _join(self) -> None:
        if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true":
            raise LaunchError("DeepSpeed has no counterpart here: take deploy/accelerate/fsdp.yaml")
        if self.is_sharded and os.environ.get("FSDP_VERSION") != "2":
            raise LaunchError("FSDP 1 has no counterpart here: take deploy/accelerate/fsdp.yaml (version 2)")
        if self.device == "cuda":
            self.device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
            torch.cuda.set_device(self.device)
        distributed.init_process_group("nccl" if self.device.startswith("cuda") else "gloo")

    def cut(self, lm: Any) -> Any:
        """The lm in shards, a group of them for each layer. Before its optimiser is made."""
        layers = set(lm.get_base_model()._no_split_modules or ())
        for module in [module for module in lm.modules() if type(module).__name__ in layers]:
            fully_shard(module)
        fully_shard(lm)
        for buffer in lm.buffers():
            buffer.data = buffer.data.to(self.device)
        return lm

    def check_config(self, optimizer: str, quantisation: str) -> None:
        """Raises LaunchError."""
        if self.is_sharded and optimizer != "adamw":
            raise LaunchError(f"FSDP cuts tensors where {optimizer} keeps blocks: take optimizer adamw")
        if self.is_sharded and quantisation != "none":
            raise LaunchError(f"FSDP cuts no weights in {quantisation}: take quantisation none, or ddp.yaml")

    def share(self, rows: Sequence[tuple[Tree, ...]]) -> list[tuple[tuple[Tree, ...], float]]:
        """This process's rows, each with the factor of its loss.

        Every process gets the same number, since shards are gathered together: who has too few repeats a row with
        factor 0. FSDP averages gradients where a sum is wanted, hence the number of processes as a factor.
        """
        factor = float(self.number) if self.is_sharded else 1.0
        mine = [(row, factor) for row in rows[self.rank :: self.number]]
        longest = -(-len(rows) // self.number)
        return mine + [(rows[0], 0.0)] * (longest - len(mine))

    def add_gradients(self, trained: Sequence[torch.nn.Parameter]) -> None:
        """After the last row of a step: the sum over processes, which FSDP has made already."""
        if self.number == 1 or self.is_sharded:
            return
        for parameter in trained:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            distributed.all_reduce(parameter.grad)

    def add(self, figures: dict[str, float]) -> dict[str, float]:
        """Sums over processes, name by name; each process gives the same names."""
        if self.number == 1 or not figures:
            return figures
        sums = torch.tensor(list(figures.values()), dtype=torch.float64, device=self.device)
        distributed.all_reduce(sums)
        return dict(zip(figures, sums.tolist(), strict=True))

    def merge(self, found: dict[K, Tensor]) -> dict[K, Tensor]:
        """What each process found, together."""
        if self.number == 1:
            return found
        parts: list[dict[K, Tensor]] = [{} for _ in range(self.number)]
        distributed.all_gather_object(parts, found)
        return {name: value for part in parts for name, value in part.items()}

    def agree(self, wish: bool) -> bool:
        """True for all where one wishes it."""
        return wish if self.number == 1 else self.add({"wish": float(wish)})["wish"] > 0

    def wait(self) -> None:
        if self.number > 1:
            distributed.barrier()

    def first_alone(self, act: Callable[[], None]) -> None:
        """Rank 0 acts, the others wait for it."""
        if self.is_first:
            act()
        self.wait()

    def close(self) -> None:
        if self.number > 1:
            distributed.destroy_process_group()


def gather_whole(value: Tensor) -> Tensor:
    """A shard's whole tensor, on the CPU. Every process has to ask."""
    whole: Tensor = value.full_tensor() if isinstance(value, DTensor) else value
    return whole.detach().cpu().contiguous()


def place_like(value: Tensor, model: Tensor) -> Tensor:
    """`value`, which every process holds whole, as `model` lies: on its device, in its shards; a scalar on the CPU."""
    if value.ndim == 0:
        return value
    value = value.to(model.device)
    if isinstance(model, DTensor) and value.shape == model.shape:
        placed: Tensor = distribute_tensor(value, model.device_mesh, model.placements)
        return placed
    return value
