"""Where and with what something was measured, and the file that keeps it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from mymary_site.env import REPOSITORY

FOLDER = REPOSITORY / "benchmarks" / "results"
SERVING = ("django", "channels", "channels-redis", "daphne", "redis", "psycopg", "xllamacpp", "websockets")
OURS = ("torch", "transformers", "peft", "accelerate", "bitsandbytes")
TRAINING = (*OURS, "trl")


def write_result(name: str, figures: dict[str, Any], packages: Sequence[str] = SERVING) -> Path:
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({**describe_place(packages), **figures}, ensure_ascii=False, indent=2) + "\n")
    return path


def describe_place(packages: Sequence[str] = SERVING) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _read_commit(),
        "machine": {
            "cpu": _read_cpu(),
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
    }


def _read_cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _read_commit() -> str:
    """With a mark where the checkout holds changes of its own."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
