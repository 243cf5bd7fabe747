"""Two processes with gloo learn what one process learns, by the launch configs that are shipped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env
from safetensors.torch import load_file

from mymary_site.env import REPOSITORY
from tests.unit.training.finetune.test_run import TALKS, make_run, read_losses
from tests.unit.training.finetune.tiny import save_base
from training.finetune.run import train

SETTINGS = {"lora": {"rank": 4, "alpha": 8, "dropout": 0.0}, "trees_per_step": 3, "row_tokens": 300}


def launch(config: str, folder: Path) -> int:
    """As `accelerate launch --config_file` would, on two CPUs: the launcher itself knows FSDP on GPUs only."""
    file = REPOSITORY / "deploy" / "accelerate" / config
    arguments = launch_command_parser().parse_args(["--config_file", str(file), "-m", "training.finetune", str(folder)])
    settings, _, _ = _validate_launch_command(arguments)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # One thread each: two processes on two cores.
    on_cpu = {"ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    program = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(port)]
    return subprocess.run(
        [sys.executable, *program, "-m", "training.finetune", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, **prepare_multi_gpu_env(settings), **on_cpu},
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode


@pytest.mark.parametrize(("config", "method"), [("ddp.yaml", "sft"), ("fsdp.yaml", "dpo")])
def test_two_processes_learn_what_one_does(tmp_path: Path, config: str, method: str) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    one = make_run(tmp_path / "one", base, method=method, **SETTINGS)
    two = make_run(tmp_path / "two", base, method=method, **SETTINGS)
    train(one)
    assert launch(config, two) == 0
    assert json.loads((two / "manifest.json").read_text())["processes"] == 2
    assert read_losses(two) == pytest.approx(read_losses(one), rel=1e-4)
    ours, theirs = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (two, one))
    assert all(torch.allclose(ours[name].float(), theirs[name].float(), atol=2e-3) for name in theirs)


@pytest.mark.parametrize("config", ["ddp.yaml", "fsdp.yaml"])
def test_two_processes_go_on_from_where_they_were_cancelled(tmp_path: Path, config: str) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    settings = {**SETTINGS, "max_steps": 60, "checkpoint_steps": 1000, "evaluate_steps": 1000}
    one = make_run(tmp_path / "one", base, method="dpo", **settings)
    two = make_run(tmp_path / "two", base, method="dpo", **settings)
    train(one)
    watcher = threading.Thread(target=cancel_once_begun, args=(two,), daemon=True)
    watcher.start()
    assert launch(config, two) != 0
    watcher.join()
    assert [path.name for path in (two / "checkpoints").iterdir()] != []
    assert not (two / "manifest.json").exists()
    assert launch(config, two) == 0
    assert read_losses(two) == pytest.approx(read_losses(one), rel=1e-3)


def cancel_once_begun(run: Path) -> None:
    for _ in range(6000):
        if (run / "metrics.jsonl").exists() and b"gradient_norm" in (run / "metrics.jsonl").read_bytes():
            (run / "cancel").touch()
            return
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [({"optimizer": "adamw_8bit"}, "take optimizer adamw"), ({"quantisation": "nf4"}, "take quantisation none")],
)
def test_what_shards_cannot_do_is_refused(tmp_path: Path, settings: dict[str, str], remedy: str) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    run = make_run(tmp_path / "run", base, **{**SETTINGS, **settings})
    assert launch("fsdp.yaml", run) != 0
    assert remedy in (run / "run.log").read_text()
