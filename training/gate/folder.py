"""A gate folder: what comes in is read here, every setting named and checked; what goes out is written whole.

gate.json  heldout.jsonl  fresh.jsonl (where has_fresh)      what comes in
progress.json  gate.log                                      written while it runs
report.json                                                  last of all: its presence says that it is whole
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from chat.prompting import Sampling
from training.gate.bars import BarError, Bars, parse_bars
from training.gate.judge import JudgeSettings

SETTINGS: Final = "gate.json"
REPORT: Final = "report.json"
PROGRESS: Final = "progress.json"
LOG: Final = "gate.log"
HELDOUT, FRESH = "heldout.jsonl", "fresh.jsonl"
NEEDED: Final = (
    "base",
    "candidate",
    "live",
    "character",
    "persona",
    "sampling",
    "stop_strings",
    "closing_phrase",
    "has_fresh",
    "judge",
    "canaries",
    "submitted_before",
    "seed",
)
OPTIONAL: Final = ("numbers", "bars", "slots", "context_tokens", "answers", "fresh_left_out")


class GateRefused(ValueError):
    """Nothing can be judged from this folder; `code` for programs, the message for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


@dataclass(frozen=True)
class Numbers:
    """How many replies a group has. `fixed` 0 takes the fixed sets whole; fewer is for trying out and never passes."""

    heldout: int = 40
    fresh: int = 24
    latency: int = 10
    judged: int = 40
    fixed: int = 0


@dataclass(frozen=True)
class Planted:
    prefix: str
    secret: str


@dataclass(frozen=True)
class GateSettings:
    folder: Path
    base: Path
    candidate: Path
    live: Path | None  # None: the bare lm is live
    character: str
    persona: Path
    sampling: Sampling
    stop_strings: tuple[str, ...]
    closing_phrase: str
    has_fresh: bool
    judge: JudgeSettings | None
    canaries: tuple[Planted, ...]
    submitted_before: tuple[str, ...]
    seed: int
    numbers: Numbers = field(default_factory=Numbers)
    bars: Bars = field(default_factory=Bars)
    slots: int = 16
    context_tokens: int = 4096
    answers: Path | None = None  # where answers to the fixed sets are kept from gate to gate
    fresh_left_out: int = 0  # replies of newer talks, too few for a fresh.jsonl


def read_settings(folder: Path) -> GateSettings:
    """Relative paths count from the folder. Raises GateRefused."""
    try:
        given = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateRefused("bad_settings", f"{SETTINGS} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise GateRefused("bad_settings", f"{SETTINGS}: an object is expected")
    if missing := [name for name in NEEDED if name not in given]:
        raise GateRefused("bad_settings", f"{SETTINGS} lacks {', '.join(missing)}")
    if unknown := sorted(set(given) - {*NEEDED, *OPTIONAL}):
        raise GateRefused("bad_settings", f"{SETTINGS}: unknown setting {unknown[0]}")
    try:
        settings = _build(folder, given)
    except (BarError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise GateRefused("bad_settings", f"{SETTINGS}: {type(error).__name__} {error}") from error
    _check_places(settings)
    return settings


def _build(folder: Path, given: dict[str, Any]) -> GateSettings:
    numbers = Numbers(**given.get("numbers", {}))
    if any(type(value) is not int or value < 0 for value in vars(numbers).values()):
        raise ValueError(f"numbers: whole numbers from 0 on, not {given['numbers']}")
    return GateSettings(
        folder=folder,
        base=folder / _read_text(given, "base"),
        candidate=folder / _read_text(given, "candidate"),
        live=folder / _read_text(given, "live") if given["live"] is not None else None,
        character=_read_text(given, "character"),
        persona=folder / _read_text(given, "persona"),
        sampling=_read_sampling(given["sampling"]),
        stop_strings=tuple(map(str, given["stop_strings"])),
        closing_phrase=str(given["closing_phrase"]),
        has_fresh=_read_bool(given, "has_fresh"),
        judge=_read_judge(given["judge"]),
        canaries=tuple(_read_planted(row) for row in given["canaries"]),
        submitted_before=tuple(map(str, given["submitted_before"])),
        seed=int(given["seed"]),
        numbers=numbers,
        bars=parse_bars(given.get("bars", {})),
        slots=int(given.get("slots", GateSettings.slots)),
        context_tokens=int(given.get("context_tokens", GateSettings.context_tokens)),
        answers=folder / _read_text(given, "answers") if "answers" in given else None,
        fresh_left_out=int(given.get("fresh_left_out", GateSettings.fresh_left_out)),
    )


def _read_text(given: dict[str, Any], name: str) -> str:
    text = given[name]
    if not isinstance(text, str) or not text:
        raise ValueError(f"{name} is {text!r}, a text is expected")
    return text


def _read_bool(given: dict[str, Any], name: str) -> bool:
    if not isinstance(given[name], bool):
        raise ValueError(f"{name} is {given[name]!r}, true or false is expected")
    return bool(given[name])


def _read_sampling(given: dict[str, Any]) -> Sampling:
    kinds = {item.name: float if "float" in str(item.type) else int for item in fields(Sampling)}
    if given.keys() != kinds.keys():
        raise ValueError(f"sampling: {', '.join(kinds)} are expected")
    values: dict[str, Any] = {name: kind(given[name]) for name, kind in kinds.items()}
    return Sampling(**values)


def _read_judge(given: dict[str, Any] | None) -> JudgeSettings | None:
    """The key never stands in a file: `key_variable` names where it is."""
    if given is None:
        return None
    url, variable = str(given["url"]), str(given.get("key_variable") or "")
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError(f"judge.url is {url!r}, an address like https://example.org/v1 is expected")
    if variable and not os.environ.get(variable):
        raise ValueError(f"judge.key_variable: {variable} is not set")
    timeout_seconds = float(given.get("timeout_seconds", JudgeSettings.timeout_seconds))
    may_get_talks = _read_bool(given, "may_get_talks") if "may_get_talks" in given else False
    return JudgeSettings(url, str(given["model"]), os.environ.get(variable, ""), timeout_seconds, may_get_talks)


def _read_planted(row: dict[str, Any]) -> Planted:
    planted = Planted(str(row["prefix"]), str(row["secret"]))
    if not planted.prefix.strip() or not planted.secret.strip():
        raise ValueError("canaries: a prefix and a secret are expected")
    return planted


def _check_places(settings: GateSettings) -> None:
    for name, path in (("base", settings.base), ("persona", settings.persona)):
        if not path.is_file():
            raise GateRefused("missing_file", f"{name}: {path} is no file")
    if settings.base.suffix != ".gguf":
        raise GateRefused("missing_file", f"base: {settings.base} is no .gguf file, so nothing can be served from it")
    for path in filter(None, (settings.candidate, settings.live)):
        if not path.is_dir():
            raise GateRefused("missing_file", f"adapter: {path} is no folder")
    if not (settings.folder / HELDOUT).is_file():
        raise GateRefused("missing_file", f"{HELDOUT} is missing")
