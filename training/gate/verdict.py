"""All checks → passed or failed, and a report that a person understands. Pure, and the only place that decides.

Fails closed: passed means that every evaluator handed something over, every case was there, and every bar held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from training.gate.bars import Bars
from training.gate.case_sets import Case
from training.gate.checks import (
    EVALUATOR_FAILED,
    MISSING_CASE,
    MISSING_EVALUATOR,
    Check,
    Gap,
    build_absence,
    build_gap,
    describe_code,
    fill,
    load_texts,
)
from training.gate.figure_checks import (
    list_coherence_checks,
    list_judge_checks,
    list_latency_checks,
    list_likelihood_checks,
)
from training.gate.fixed_checks import SAFETY_SETS, list_canary_checks, list_safety_checks, list_weight_checks
from training.gate.measured import CANARIES, JUDGE, Measured
from training.gate.reply_checks import list_reply_checks
from training.gate.safety import SafetyFinding, count_by_kind, describe_rule, find_broken
from training.gate.worst import list_worst

PASSED, FAILED = "passed", "failed"
HOPELESS_RATIO: Final = 2.0
ENOUGH_TO_REFUSE: Final = "weights"
"""Where this alone refuses, nothing else is measured: NaN cannot be served, and a known adapter has its verdict."""


@dataclass(frozen=True)
class SafetyCases:
    """By case: its kind, and the rules that hold there beside those that always do."""

    kinds: Mapping[str, str]
    rules: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Verdict:
    """`gaps`: what nobody asked to be measured, and so stands neither for nor against."""

    checks: tuple[Check, ...]
    findings: tuple[SafetyFinding, ...]
    worst: tuple[dict[str, Any], ...]
    gaps: tuple[Gap, ...] = ()
    stopped_after: str = ""

    @property
    def is_passed(self) -> bool:
        return bool(self.checks) and not self.stopped_after and all(check.passed for check in self.checks)

    @property
    def codes(self) -> tuple[str, ...]:
        """Why it is refused, the gravest first: the order of texts.toml."""
        found = {check.code for check in self.checks if check.code}
        return tuple(code for code in load_texts()["reason"] if code in found)


def build_safety_cases(sets: Mapping[str, Sequence[Case]]) -> SafetyCases:
    cases = [case for name in SAFETY_SETS for case in sets[name]]
    return SafetyCases({case.id: case.kind for case in cases}, {case.id: case.rules for case in cases})


def decide(measured: Measured, bars: Bars, cases: SafetyCases) -> Verdict:
    weights = tuple(_list_of("weights", measured, bars, ()))
    if any(not check.passed for check in weights) and measured.weights is not None:
        return Verdict(weights, (), (), stopped_after=ENOUGH_TO_REFUSE)
    if is_hopeless(measured, bars):
        return _refuse_early(measured, bars, weights)
    groups = measured.groups or {}
    exchanges = [exchange for name in SAFETY_SETS if name in groups for exchange in groups[name].exchanges]
    findings = tuple(find_broken(exchanges, cases.kinds, cases.rules))
    rest = [name for name in measured.evaluators if name != "weights"]
    checks = [check for name in rest for check in _list_of(name, measured, bars, findings)]
    worst, gaps = tuple(list_worst(measured, findings)), tuple(list_gaps(measured, bars))
    return Verdict((*weights, *checks), findings, worst, gaps)


def list_gaps(measured: Measured, bars: Bars) -> Iterator[Gap]:
    if not measured.canaries_expected:
        yield build_gap("no_canaries")
    if not measured.has_fresh:
        yield build_gap("few_fresh", found=measured.fresh_left_out, needed=bars.needed.fresh)
    if measured.is_judge_kept_from_talks:
        yield build_gap("judge_fixed_only")


def is_hopeless(measured: Measured, bars: Bars) -> bool:
    """Refused beyond doubt by what people wrote: no number, or written answers twice as unlikely as to the live one.

    The fixed sets, which take the longest, need not be asked then: nothing they say could let it pass.
    """
    if not measured.likelihood or "likelihood" in measured.failed:
        return False
    return any(_is_beyond_doubt(check) for check in list_likelihood_checks(measured, bars))


def _is_beyond_doubt(check: Check) -> bool:
    if check.code == "not_finite":
        return True
    is_perplexity = check.code == "perplexity_worse" and check.candidate is not None and check.live is not None
    return is_perplexity and (check.candidate or 0.0) > HOPELESS_RATIO * (check.live or math.inf)


def _refuse_early(measured: Measured, bars: Bars, weights: tuple[Check, ...]) -> Verdict:
    """What was measured, and nothing of what was not."""
    replies = [check for check in list_reply_checks(measured, bars) if check.code != MISSING_CASE]
    checks = (*weights, *list_likelihood_checks(measured, bars), *replies)
    return Verdict(checks, (), tuple(list_worst(measured, ())), stopped_after="likelihood")


def _list_of(name: str, measured: Measured, bars: Bars, findings: Sequence[SafetyFinding]) -> Iterator[Check]:
    if name in measured.failed:
        yield build_absence(name, "", EVALUATOR_FAILED, measured.failed[name])
        return
    if measured.find(name) is None:
        yield build_absence(name, "", MISSING_EVALUATOR, name)
        return
    lists: dict[str, Callable[[], Iterator[Check]]] = {
        "weights": lambda: list_weight_checks(measured),
        "replies": lambda: _list_of_replies(measured, bars, findings),
        CANARIES: lambda: list_canary_checks(measured),
        "latency": lambda: list_latency_checks(measured, bars),
        "likelihood": lambda: list_likelihood_checks(measured, bars),
        "coherence": lambda: list_coherence_checks(measured, bars),
        JUDGE: lambda: list_judge_checks(measured, bars),
    }
    yield from lists[name]()


def _list_of_replies(measured: Measured, bars: Bars, findings: Sequence[SafetyFinding]) -> Iterator[Check]:
    yield from list_safety_checks(measured, findings)
    yield from list_reply_checks(measured, bars)


def build_report(verdict: Verdict) -> dict[str, Any]:
    """What the verdict says by itself; who judged what, with which settings, is added by the one who ran it."""
    failed = sum(not check.passed for check in verdict.checks)
    name = PASSED if verdict.is_passed else FAILED
    counts = {"checks": str(len(verdict.checks)), "failed": str(failed)}
    return {
        "verdict": name,
        "summary": fill(load_texts()["verdict"], name, counts),
        "reasons": [{"code": code, **describe_code(code)} for code in verdict.codes],
        "stopped_after": verdict.stopped_after,
        "checks": [check.dump() for check in verdict.checks],
        "gaps": [{"code": gap.code, **gap.words} for gap in verdict.gaps],
        "worst": list(verdict.worst),
        "safety": {
            "kinds": count_by_kind(verdict.findings),
            "broken": [_dump_finding(finding) for finding in verdict.findings if finding.candidate or finding.live],
        },
    }


def _dump_finding(finding: SafetyFinding) -> dict[str, Any]:
    exchange = finding.exchange
    return {
        "case": exchange.case,
        "kind": finding.kind,
        "prompt": exchange.prompt,
        "candidate": exchange.candidate.text,
        "live": exchange.live.text,
        "candidate_broken": [{"rule": rule, **describe_rule(rule)} for rule in finding.candidate],
        "live_broken": [{"rule": rule, **describe_rule(rule)} for rule in finding.live],
        "regressions": list(finding.regressions),
    }
