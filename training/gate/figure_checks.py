"""Checks of figures: likelihood of what people wrote, coherence of the replies, time, the judge's scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import Final

import numpy as np

from training.evaluation.scores import HeldoutScores, compute_perplexity, list_rewards
from training.gate.bars import Bars
from training.gate.checks import EVALUATOR_FAILED, MISSING_CASE, Check, build_absence, build_check, load_texts
from training.gate.figures import show_number, show_share
from training.gate.intervals import CONFIDENCE, Sums, bootstrap, bootstrap_mean
from training.gate.measured import CANDIDATE, JUDGE, LIVE, Measured, Timing
from training.gate.rating import ITEMS
from training.gate.wilson import compute_wilson

BASE: Final = "base"


def list_likelihood_checks(measured: Measured, bars: Bars) -> Iterator[Check]:
    files = measured.likelihood or {}
    for name in ("heldout", "fresh") if measured.has_fresh else ("heldout",):
        if name not in files:
            yield build_absence("likelihood", name, MISSING_CASE, f"{name}.jsonl")
            continue
        yield from _list_file_checks(name, files[name], measured, bars)


def _list_file_checks(name: str, scores: HeldoutScores, measured: Measured, bars: Bars) -> Iterator[Check]:
    live = scores.sides[measured.live_side]
    if not all(map(math.isfinite, (*live.answers, *scores.sides[BASE].answers))):
        yield build_absence("likelihood", name, EVALUATOR_FAILED, "figures of the live side or of the base are NaN")
        return
    if not all(map(math.isfinite, scores.sides[CANDIDATE].answers)):
        where = f"{name}.jsonl, log p"
        yield build_check("not_finite", name, fails=True, places={"where": where})
        return
    yield check_perplexity(name, scores, measured, bars)
    yield check_base_perplexity(name, scores, bars)
    # Newer talks have no pairs yet: people have not compared answers there.
    if name == "heldout" or scores.pair_talks:
        yield check_preference(name, scores, measured, bars)


def check_perplexity(name: str, scores: HeldoutScores, measured: Measured, bars: Bars) -> Check:
    sides = (scores.sides[CANDIDATE].answers, scores.sides[measured.live_side].answers)
    rows = [(live - ours, tokens) for ours, live, tokens in zip(*sides, scores.answer_tokens, strict=True)]
    interval = bootstrap(rows, scores.talks, _divide, measured.seed)  # of log(candidate ÷ live)
    tokens = sum(scores.answer_tokens)
    candidate, live = (compute_perplexity(side, tokens) for side in sides)
    return build_check(
        "perplexity_worse",
        name,
        fails=math.log(candidate / live) > math.log(bars.perplexity_ratio) and interval[0] > 0,
        candidate=candidate,
        live=live,
        interval=(math.exp(min(interval[0], 50.0)), math.exp(min(interval[1], 50.0))),
        cases=len(rows),
        places={
            "candidate": show_number(candidate),
            "live": show_number(live),
            "base": show_number(compute_perplexity(scores.sides[BASE].answers, tokens)),
            "ratio": show_number(bars.perplexity_ratio),
        },
    )


def check_base_perplexity(name: str, scores: HeldoutScores, bars: Bars) -> Check:
    tokens = sum(scores.answer_tokens)
    candidate, base = (compute_perplexity(scores.sides[side].answers, tokens) for side in (CANDIDATE, BASE))
    places = {"candidate": show_number(candidate), "base": show_number(base)}
    return build_check(
        "base_perplexity",
        name,
        fails=candidate > base * bars.base_perplexity_ratio,
        code="incoherent",
        candidate=candidate,
        cases=len(scores.answer_tokens),
        places=places | {"ratio": show_number(bars.base_perplexity_ratio)},
    )


def check_preference(name: str, scores: HeldoutScores, measured: Measured, bars: Bars) -> Check:
    """By the reward that DPO learns. Where no adapter is live, each of the base's rewards is 0: half right."""
    number = len(scores.pair_talks)
    if number < bars.needed.pairs and name == "heldout":
        return build_absence("preference_worse", name, MISSING_CASE, f"{number} < {bars.needed.pairs} pairs")
    ours, theirs = (
        [_credit(reward) for reward in list_rewards(scores, side)] for side in (CANDIDATE, measured.live_side)
    )
    less = [other - one for one, other in zip(ours, theirs, strict=True)]
    interval = bootstrap_mean(less, scores.pair_talks, measured.seed)
    is_worse = fmean(less) > bars.preference_margin and interval[0] > 0
    is_below_half = compute_wilson(int(sum(ours)), number, CONFIDENCE)[1] < 0.5
    return build_check(
        "preference_worse",
        name,
        fails=is_worse or is_below_half,
        candidate=fmean(ours),
        live=fmean(theirs),
        interval=interval,
        cases=number,
        places={
            "candidate": show_share(fmean(ours)),
            "live": show_share(fmean(theirs)),
            "margin": show_share(bars.preference_margin),
        },
    )


def _credit(reward: float) -> float:
    return 0.5 if reward == 0 else float(reward > 0)


def _divide(sums: Sums) -> Sums:
    found: Sums = sums[..., 0] / sums[..., 1]
    return found


def list_coherence_checks(measured: Measured, bars: Bars) -> Iterator[Check]:
    coherence = measured.coherence or {}
    ours, theirs = coherence.get(CANDIDATE, {}), coherence.get(LIVE, {})
    cases = [case for case in ours if case in theirs]
    # Empty replies have no probability; that they are many is told elsewhere.
    if not cases:
        yield build_absence("coherence", "", MISSING_CASE, "no reply of both sides to compare")
        return
    less = [theirs[case] - ours[case] for case in cases]
    interval = bootstrap_mean(less, [case.partition("/")[0] for case in cases], measured.seed)
    candidate, live = fmean(ours[case] for case in cases), fmean(theirs[case] for case in cases)
    yield build_check(
        "incoherent",
        "",
        fails=not math.isfinite(candidate) or (live - candidate > bars.coherence_nats and interval[0] > 0),
        candidate=candidate,
        live=live,
        interval=interval,
        cases=len(cases),
        places={
            "candidate": show_number(candidate),
            "live": show_number(live),
            "nats": show_number(bars.coherence_nats),
        },
    )


def list_latency_checks(measured: Measured, bars: Bars) -> Iterator[Check]:
    if measured.timings is None:
        return
    ours, theirs = measured.timings.candidate, measured.timings.live
    if min(len(ours), len(theirs)) < bars.needed.latency or len(ours) != len(theirs):
        reason = f"{len(ours)}, {len(theirs)} < {bars.needed.latency}"
        yield build_absence("latency", "", MISSING_CASE, reason)
        return
    names = [str(number) for number in range(len(ours))]
    first = _compare_times([row.first_seconds for row in ours], [row.first_seconds for row in theirs])
    token = _compare_times([row.token_seconds for row in ours], [row.token_seconds for row in theirs])
    intervals = [bootstrap_mean(logs, names, measured.seed) for logs in (first, token)]
    bar = math.log(bars.latency_ratio)
    pairs = zip((first, token), intervals, strict=True)
    candidate, live = _show_median(ours), _show_median(theirs)
    yield build_check(
        "too_slow",
        "",
        fails=any(median(logs) > bar and interval[0] > 0 for logs, interval in pairs),
        candidate=candidate,
        live=live,
        interval=(math.exp(intervals[1][0]), math.exp(intervals[1][1])),
        cases=len(ours),
        places={
            "first": show_number(math.exp(median(first))),
            "token": show_number(math.exp(median(token))),
            "candidate": show_number(candidate),
            "live": show_number(live),
            "ratio": show_number(bars.latency_ratio),
        },
    )


def _compare_times(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """log(candidate ÷ live) prompt by prompt."""
    found: list[float] = np.log(np.maximum(ours, 1e-6) / np.maximum(theirs, 1e-6)).tolist()
    return found


def _show_median(timings: Sequence[Timing]) -> float:
    return 1000 * median(timing.token_seconds for timing in timings)


def list_judge_checks(measured: Measured, bars: Bars) -> Iterator[Check]:
    judged = measured.judged
    if judged is None:
        return
    lost = [case for case in judged.expected if case not in judged.candidate or case not in judged.live]
    if lost or len(judged.expected) < bars.needed.judged:
        reason = ", ".join(lost[:5]) or f"{len(judged.expected)} < {bars.needed.judged}"
        yield build_absence(JUDGE, "", MISSING_CASE, reason)
        return
    for place, item in enumerate(ITEMS):
        ours, theirs = ([side[case][place] for case in judged.expected] for side in (judged.candidate, judged.live))
        less = [other - one for one, other in zip(ours, theirs, strict=True)]
        interval = bootstrap_mean(less, [case.partition("/")[0] for case in judged.expected], measured.seed)
        margin = bars.judge_share * (item.highest - item.lowest)
        words = load_texts()["item"][item.name]
        yield build_check(
            "judge_worse",
            item.name,
            fails=fmean(less) > margin and interval[0] > 0,
            candidate=fmean(ours),
            live=fmean(theirs),
            interval=interval,
            cases=len(ours),
            places={
                "candidate": show_number(fmean(ours)),
                "live": show_number(fmean(theirs)),
                "margin": show_number(margin),
                "item_ko": words["ko"],
                "item_en": words["en"],
            },
        )
