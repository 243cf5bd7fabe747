"""One gate from its folder to its report: weights, replies, likelihood, judge, verdict.

An evaluator that fails in a known way is a failed check; anything else ends the process without a report, which is a
refusal too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from chat.inference.digest import sha256_of
from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.protocol import EngineError
from chat.prompting import PromptTooLong, load_persona
from training.evaluation.likelihood import Sides as LmSides
from training.finetune.config import ConfigError
from training.finetune.lm import WeightsError
from training.finetune.records import RecordError
from training.finetune.run_folder import lock, write_json
from training.gate import case_sets
from training.gate.bars import dump_bars
from training.gate.case_sets import Case, load_cases
from training.gate.folder import FRESH, HELDOUT, PROGRESS, REPORT, SETTINGS, GateRefused, GateSettings, read_settings
from training.gate.judge import JudgedTalk, JudgeFailed, judge_all, list_for_judge
from training.gate.known_answers import KnownAnswers
from training.gate.likely import measure_coherence, measure_files
from training.gate.measured import JUDGE, SERVED, Measured
from training.gate.speak import (
    FIXED,
    Tell,
    Topic,
    answer_topics,
    build_voices,
    list_topics,
    measure_times,
    take_few,
    try_canaries,
)
from training.gate.verdict import build_report, build_safety_cases, decide, is_hopeless
from training.gate.weights import WEIGHTS_FILE, AdapterFiles, examine_weights, lay_out

logger = logging.getLogger(__name__)

FORMAT: Final = 1
PROGRESS_SECONDS: Final = 0.5
MOST_SAMPLES: Final = 60
SHOWN_OF_HOPELESS: Final = 4
"""Replies of a candidate that is refused early: enough for people to see what it says. Where hardly any likely token
keeps to the form, the grammar tries the whole vocabulary, and a reply takes ten seconds."""
PACKAGES: Final = ("torch", "transformers", "peft", "xllamacpp", "gguf")
KNOWN_FAILURES: Final = (EngineError, PromptTooLong, RecordError, ConfigError, WeightsError, JudgeFailed)


class GateCancelled(Exception):
    """Asked to stop. The same command begins anew."""


@dataclass
class Progress:
    """progress.json: phase, done, total. The place where a cancelled run stops."""

    folder: Path
    is_cancelled: Callable[[], bool]
    _phase: str = ""
    _told_at: float = field(default=0.0)

    def tell(self, phase: str, done: int, total: int) -> None:
        """Raises GateCancelled."""
        if self.is_cancelled():
            raise GateCancelled("cancelled")
        now = time.monotonic()
        if phase == self._phase and done < total and now - self._told_at < PROGRESS_SECONDS:
            return
        if phase != self._phase:
            logger.info("%s", phase)
        self._phase, self._told_at = phase, now
        write_json(self.folder / PROGRESS, {"phase": phase, "done": done, "total": total})


@dataclass(frozen=True)
class Sides:
    candidate: AdapterFiles
    live: AdapterFiles | None
    base_sha256: str


def run_gate(folder: Path, is_cancelled: Callable[[], bool]) -> dict[str, Any]:
    """The report. A folder that has one of these very inputs keeps it.

    Raises GateRefused, GateCancelled, FolderBusy, CaseError, PersonaFileError.
    """
    began = time.monotonic()
    with lock(folder):
        settings = read_settings(folder)
        inputs = digest_inputs(settings)
        if (known := _find_report(folder)) is not None:
            if known["digests"]["inputs"] != inputs:
                raise GateRefused("other_inputs", f"{REPORT} is of other inputs: take a new folder for a new verdict")
            return known
        progress = Progress(folder, is_cancelled)
        sets = {name: load_cases(name) for name in FIXED}
        with tempfile.TemporaryDirectory(prefix="gate-") as trial:
            sides = lay_out_sides(settings, Path(trial))
            measured = measure(settings, sides, Path(trial), sets, progress.tell)
        progress.tell("verdict", 0, 1)
        verdict = decide(measured, settings.bars, build_safety_cases(sets))
        report = {
            "format": FORMAT,
            **build_report(verdict),
            "samples": list_samples(measured, list_topics(settings, sets)) if measured.groups else [],
            "settings": describe_settings(settings),
            "digests": describe_digests(sides, inputs),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
            "seconds": round(time.monotonic() - began, 1),
        }
        write_json(folder / REPORT, report)
        with suppress(GateCancelled):  # the report is written: too late to stop
            progress.tell("done", 1, 1)
        return report


def list_samples(measured: Measured, topics: Mapping[str, Topic]) -> list[dict[str, Any]]:
    """Replies of both sides to people's talks, for people to choose from: [[role, text], …], candidate, live."""
    samples = []
    for name in ("heldout", "fresh"):
        group = (measured.groups or {}).get(name)
        turns = {question.id: question.turns for question in topics[name].questions} if name in topics else {}
        for exchange in group.exchanges if group else ():
            talk = [[turn.role, turn.text] for turn in turns[exchange.case]]
            sides = {"candidate": exchange.candidate.text, "live": exchange.live.text}
            if sides["candidate"] != sides["live"] and not exchange.is_clinical:
                samples.append({"turns": talk, **sides})
    return samples[:MOST_SAMPLES]


def lay_out_sides(settings: GateSettings, trial: Path) -> Sides:
    base_sha256 = sha256_of(settings.base)
    candidate = lay_out(settings.candidate, trial / "candidate", base_sha256)
    live = lay_out(settings.live, trial / "live", base_sha256) if settings.live else None
    return Sides(candidate, live, base_sha256)


def measure(
    settings: GateSettings, sides: Sides, trial: Path, sets: Mapping[str, Sequence[Case]], tell: Tell
) -> Measured:
    tell("weights", 0, 1)
    measured = Measured(
        character=settings.character,
        weights=examine_weights(sides.candidate, sides.live, settings.submitted_before),
        canaries_expected=len(settings.canaries),
        live_side="live" if sides.live else "base",
        has_fresh=settings.has_fresh,
        fresh_left_out=settings.fresh_left_out,
        has_judge=settings.judge is not None,
        is_judge_kept_from_talks=settings.judge is not None and not settings.judge.gets_talks,
        seed=settings.seed,
    )
    if measured.weights and (measured.weights.broken or measured.weights.same_as):
        return measured
    try:
        topics = list_topics(settings, sets)
    except RecordError as error:
        raise GateRefused("bad_talks", str(error)) from error
    measured, lm = _add_likelihood(measured, settings, sides, tell)
    if is_hopeless(measured, settings.bars):
        few = {"heldout": take_few(topics["heldout"], SHOWN_OF_HOPELESS)}
        return asyncio.run(_add_replies(measured, settings, sides, trial, few, tell, with_rest=False))
    measured = asyncio.run(_add_replies(measured, settings, sides, trial, topics, tell))
    measured = _add_coherence(measured, lm, topics, tell)
    return _add_judged(measured, settings, topics, tell)


async def _add_replies(
    measured: Measured,
    settings: GateSettings,
    sides: Sides,
    trial: Path,
    topics: Mapping[str, Topic],
    tell: Tell,
    *,
    with_rest: bool = True,
) -> Measured:
    """`with_rest`: canaries and latency too."""
    engine = LlamaCppEngine(
        lm_path=settings.base,
        models_folder=settings.base.parent,
        adapters_folder=trial,
        slots=settings.slots,
        context_tokens=settings.context_tokens,
    )
    voices = build_voices(
        settings, load_persona(settings.persona), sides.candidate.name, sides.live.name if sides.live else ""
    )
    evaluator = "replies"
    try:
        await engine.start()
        known = KnownAnswers(settings.answers, sides.base_sha256)
        groups = await answer_topics(engine, voices, topics, known, tell)
        measured = replace(measured, groups=groups)
        if not with_rest:
            return measured
        evaluator = "canaries"
        measured = replace(measured, canaries=await try_canaries(engine, voices, settings, tell))
        evaluator = "latency"
        timings = await measure_times(engine, voices, topics["smoke"], settings.numbers.latency, tell)
        return replace(measured, timings=timings)
    except KNOWN_FAILURES as error:
        return _note_failure(measured, evaluator, error)
    finally:
        await engine.close()


def _add_likelihood(
    measured: Measured, settings: GateSettings, sides: Sides, tell: Tell
) -> tuple[Measured, LmSides | None]:
    adapters = {"candidate": sides.candidate.place}
    if sides.live:
        adapters = {"live": sides.live.place, **adapters}
    try:
        lm, files = measure_files(settings, sides.candidate.manifest, adapters, tell)
        return replace(measured, likelihood=files), lm
    except KNOWN_FAILURES as error:
        return _note_failure(measured, "likelihood", error), None


def _add_coherence(measured: Measured, lm: LmSides | None, topics: Mapping[str, Topic], tell: Tell) -> Measured:
    if lm is None:
        return measured
    try:
        return replace(measured, coherence=measure_coherence(lm, measured, topics, tell))
    except KNOWN_FAILURES as error:
        return _note_failure(measured, "coherence", error)


def _add_judged(measured: Measured, settings: GateSettings, topics: Mapping[str, Topic], tell: Tell) -> Measured:
    if settings.judge is None:
        return measured
    turns = {question.id: question.turns for name in SERVED if name in topics for question in topics[name].questions}
    exchanges = list_for_judge(settings.judge, measured.groups or {})
    talks = [
        JudgedTalk(exchange, tuple(f"{turn.role}: {turn.text}" for turn in turns[exchange.case]))
        for exchange in exchanges[: settings.numbers.judged]
    ]
    try:
        return replace(
            measured,
            judged=judge_all(settings.judge, talks, settings.seed, partial(tell, "judge")),
        )
    except KNOWN_FAILURES as error:
        return _note_failure(measured, JUDGE, error)


def _note_failure(measured: Measured, evaluator: str, error: Exception) -> Measured:
    logger.error("%s failed: %s", evaluator, error)
    return replace(measured, failed={**measured.failed, evaluator: str(error)})


def _find_report(folder: Path) -> dict[str, Any] | None:
    path = folder / REPORT
    report: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return report


def digest_inputs(settings: GateSettings) -> dict[str, str]:
    files = [settings.folder / name for name in (SETTINGS, HELDOUT, FRESH)]
    digests = {path.name: sha256_of(path) for path in files if path.is_file()}
    for side, folder in (("candidate", settings.candidate), ("live", settings.live)):
        for path in sorted(folder.rglob(WEIGHTS_FILE)) if folder else ():
            digests[f"{side}/{path.name}"] = sha256_of(path)
    others = {"base": settings.base, "persona": settings.persona}
    digests |= {name: sha256_of(path) for name, path in others.items()}
    return {**digests, "cases": case_sets.compute_digest()}


def describe_settings(settings: GateSettings) -> dict[str, Any]:
    """Without paths, which are nobody's business, and without the judge's key."""
    judge = settings.judge
    return {
        "character": settings.character,
        "base": settings.base.name,
        "candidate": settings.candidate.name,
        "live": settings.live.name if settings.live else None,
        "sampling": asdict(settings.sampling),
        "numbers": asdict(settings.numbers),
        "bars": dump_bars(settings.bars),
        "has_fresh": settings.has_fresh,
        "canaries": len(settings.canaries),
        "judge": {"url": judge.url, "model": judge.model, "gets_talks": judge.gets_talks} if judge else None,
        "seed": settings.seed,
    }


def describe_digests(sides: Sides, inputs: dict[str, str]) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "base_sha256": sides.base_sha256,
        "candidate": {"name": sides.candidate.name, **sides.candidate.digests},
        "live": {"name": sides.live.name, **sides.live.digests} if sides.live else None,
    }
