"""Likelihood for the gate: held-out answers by base, live and candidate; replies of both sides by the bare base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from training.evaluation.likelihood import BASE, Sides, load_sides, score_heldout, score_last_answers
from training.evaluation.scores import HeldoutScores
from training.finetune.config import RunConfig, parse_config
from training.finetune.records import Conversation, Turn
from training.gate.folder import FRESH, HELDOUT, GateSettings
from training.gate.measured import CANDIDATE, LIVE, SERVED, Measured, Side
from training.gate.replies import is_empty
from training.gate.speak import Tell, Topic


def measure_files(
    settings: GateSettings, manifest: Mapping[str, Any], adapters: Mapping[str, Path], tell: Tell
) -> tuple[Sides, dict[str, HeldoutScores]]:
    """By file, without the ending. Raises ConfigError, RecordError, WeightsError."""
    tell("likelihood", 0, 1)
    sides = load_sides(build_config(settings, manifest), adapters)
    names = [HELDOUT, FRESH] if settings.has_fresh else [HELDOUT]
    found = {}
    for path in [settings.folder / name for name in names if (settings.folder / name).is_file()]:
        phase = f"likelihood {path.stem}"
        found[path.stem] = score_heldout(sides, path, partial(tell, phase))
    return sides, found


def build_config(settings: GateSettings, manifest: Mapping[str, Any]) -> RunConfig:
    """As the candidate was trained, on this base, with this character's prompt and room for what is served."""
    template = {"kind": "persona", "personas": {settings.character: str(settings.persona)}}
    changes = {"preset": "", "parent_adapter": "", "base": str(settings.base), "template": template}
    config = parse_config({**manifest["config"], **changes})
    tokens = max(config.max_tokens, settings.context_tokens)
    return replace(config, max_tokens=tokens)  # rows stay as small as they were: a longer talk gets one of its own


def measure_coherence(
    lm: Sides, measured: Measured, topics: Mapping[str, Topic], tell: Tell
) -> dict[Side, dict[str, float]]:
    """Mean log p of a token of each reply that has a word in it, case by case. Raises RecordError."""
    found: dict[Side, dict[str, float]] = {}
    for side in (CANDIDATE, LIVE):
        talks = [talk for name in SERVED if name in topics for talk in _list_talks(measured, name, topics[name], side)]
        phase = f"coherence {side}"
        found[side] = score_last_answers(lm, BASE, talks, partial(tell, phase))
    return found


def _list_talks(measured: Measured, name: str, topic: Topic, side: Side) -> list[Conversation]:
    group = (measured.groups or {}).get(name)
    if group is None:
        return []
    replies = {exchange.case: exchange.side(side).text for exchange in group.exchanges}
    return [
        Conversation(
            question.id,
            measured.character,
            (*(Turn(turn.role, turn.text) for turn in question.turns), Turn("bot", replies[question.id])),
        )
        for question in topic.questions
        if not is_empty(replies.get(question.id, ""))
    ]
