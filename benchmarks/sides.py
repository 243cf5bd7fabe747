"""Ours and TRL's in turn, each in a process of its own: neither keeps the other's memory or warm caches."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mymary_site.env import REPOSITORY

logger = logging.getLogger(__name__)

LORA: Final = {"rank": 8, "alpha": 16}


def run_side(side: str, task: dict[str, Any], name: str) -> dict[str, Any]:
    """`side`: our_side or trl_side. Raises RuntimeError with what it said."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "task.json"), Path(folder, "result.json")
        given.write_text(json.dumps(task))
        command = [sys.executable, "-m", f"benchmarks.{side}", str(given), str(made)]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {side} ended with {done.returncode}\n{done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(made.read_text())
    logger.info("%s: %.1f s, %.2f GiB", name, result["seconds"], result["peak_memory_bytes"] / 2**30)
    return result


def find_best(task: dict[str, Any], candidates: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """TRL's quickest settings for this kind of task on this machine, and all that were tried."""
    tried = []
    for settings in candidates:
        seconds = run_side("trl_side", {**task, "settings": settings}, f"TRL with {settings}")["seconds"]
        tried.append({"settings": settings, "seconds": round(seconds, 1)})
    return min(tried, key=lambda row: float(row["seconds"]))["settings"], tried


def list_our_sides(row_tokens: int) -> dict[str, dict[str, Any]]:
    return {
        "trees": {"use_trees": True, "row_tokens": row_tokens},
        "plain": {"use_trees": False, "row_tokens": row_tokens},
    }


def compare(task: dict[str, Any], trl: dict[str, Any], ours: dict[str, dict[str, Any]], rounds: int) -> dict[str, Any]:
    """Rounds of all sides, the order turned around each time; ours without trees, slow and for reference, once."""
    sides = [("trl", "trl_side", trl), *((name, "our_side", settings) for name, settings in ours.items())]
    results: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in sides}
    for number in range(rounds):
        for name, side, settings in sides if number % 2 == 0 else reversed(sides):
            if name == "plain" and number > 0:
                continue
            results[name].append(run_side(side, {**task, "settings": settings}, f"round {number + 1}, {name}"))
    examples = len(task["examples"])
    figures: dict[str, Any] = {}
    for name, rows in results.items():
        figures[name] = {
            "seconds": [round(row["seconds"], 2) for row in rows],
            "examples_per_second": round(examples / min(row["seconds"] for row in rows), 3),
            "peak_memory_gib": round(max(row["peak_memory_bytes"] for row in rows) / 2**30, 2),
            "first_loss": rows[0]["losses"][0],
            **{key: rows[0][key] for key in ("logps_chosen", "logps_rejected") if key in rows[0]},
        }
    for name in ours:
        pairs = list(zip(results["trl"], results[name], strict=False))
        ratios = [round(theirs["seconds"] / mine["seconds"], 2) for theirs, mine in pairs]
        figures[name]["ratios_to_trl"] = ratios
        figures[name]["ratio_to_trl"] = sorted(ratios)[(len(ratios) - 1) // 2]
    return figures
