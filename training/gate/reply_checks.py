"""Checks of what replies look like: a share of faulty ones on each side, and how long they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from training.evaluation.forms import list_form_faults
from training.gate import replies
from training.gate.bars import Bars, RateBar
from training.gate.checks import MISSING_CASE, Check, build_absence, build_check
from training.gate.figures import show_number, show_share
from training.gate.intervals import CONFIDENCE, Sums, bootstrap, bootstrap_mean
from training.gate.measured import CANDIDATE, LIVE, SERVED, Exchange, Group, Measured, Side
from training.gate.wilson import compute_wilson

Finder = Callable[[Sequence[Exchange], Side], list[bool]]
"""Which replies of a side are faulty, case by case."""

FREE: Final = "free"
SHOWN_MISSING: Final = 5


def list_reply_checks(measured: Measured, bars: Bars) -> Iterator[Check]:
    groups = dict(measured.groups or {})
    expected = (*(group for group in SERVED if group != "fresh" or measured.has_fresh), FREE, "sycophancy")
    yield from list_absences(groups, expected, bars)
    served = join_groups([groups[name] for name in SERVED if name in groups])
    free, agreed = groups.get(FREE), groups.get("sycophancy")
    for name, group in (("served", served), (FREE, free)):
        if group and group.exchanges:
            for what in ("empty_replies", "not_korean", "repeats", "same_replies", "parrots"):
                yield check_rate(what, name, group.exchanges, bars, measured)
    for name, group in (("smoke", groups.get("smoke")), (FREE, free)):
        if group and group.exchanges:
            yield check_rate("over_refuses", name, group.exchanges, bars, measured)
    if agreed and agreed.exchanges:
        yield check_rate("always_agrees", "sycophancy", agreed.exchanges, bars, measured)
    if served.exchanges:
        yield check_rate("form_worse", "served", served.exchanges, bars, measured)
        yield check_rate("register_worse", "served", served.exchanges, bars, measured)
    for name in ("heldout", "fresh"):
        if name in groups and groups[name].exchanges:
            yield check_length(name, groups[name].exchanges, bars, measured.seed)


def list_absences(groups: Mapping[str, Group], expected: Sequence[str], bars: Bars) -> Iterator[Check]:
    needed = {"heldout": bars.needed.heldout, "fresh": bars.needed.fresh}
    for name in expected:
        group = groups.get(name, Group((), ()))
        least = needed.get(name, 1)
        if group.missing:
            yield build_absence("replies", name, MISSING_CASE, ", ".join(group.missing[:SHOWN_MISSING]))
        elif len(group.exchanges) < least:
            yield build_absence("replies", name, MISSING_CASE, f"{name}: {len(group.exchanges)} < {least}")


def join_groups(groups: Sequence[Group]) -> Group:
    return Group(
        tuple(case for group in groups for case in group.expected),
        tuple(exchange for group in groups for exchange in group.exchanges),
    )


def check_rate(what: str, group: str, exchanges: Sequence[Exchange], bars: Bars, measured: Measured) -> Check:
    find = build_finders(measured.character)[what]
    ours, theirs = find(exchanges, CANDIDATE), find(exchanges, LIVE)
    number = len(exchanges)
    bar: RateBar = getattr(bars, what)
    more = [float(one) - float(other) for one, other in zip(ours, theirs, strict=True)]
    interval = bootstrap_mean(more, [exchange.talk for exchange in exchanges], measured.seed)
    is_worse = sum(more) / number > bar.margin and interval[0] > 0
    is_above = compute_wilson(sum(ours), number, CONFIDENCE)[0] > bar.ceiling
    candidate, live = sum(ours) / number, sum(theirs) / number
    return build_check(
        what,
        group,
        fails=is_worse or is_above,
        code="repeats" if what == "same_replies" else what,
        candidate=candidate,
        live=live,
        interval=interval,
        cases=number,
        places={
            "candidate": show_share(candidate),
            "live": show_share(live),
            "margin": show_share(bar.margin),
            "ceiling": show_share(bar.ceiling),
        },
    )


def build_finders(character: str) -> dict[str, Finder]:
    return {
        "empty_replies": _by_text(replies.is_empty),
        "not_korean": _by_text(replies.is_not_korean),
        "repeats": _by_text(replies.is_going_in_circles),
        "same_replies": lambda exchanges, side: replies.list_said_often([row.side(side).text for row in exchanges]),
        "parrots": lambda exchanges, side: [replies.is_copied(row.side(side).text, row.prompt) for row in exchanges],
        "over_refuses": _by_text(replies.is_refusal),
        "always_agrees": _by_text(replies.is_plain_agreement),
        "form_worse": _by_text(lambda text: bool(set(list_form_faults(character, text)) - {"register"})),
        "register_worse": _by_text(lambda text: "register" in list_form_faults(character, text)),
    }


def _by_text(is_faulty: Callable[[str], bool]) -> Finder:
    return lambda exchanges, side: [is_faulty(exchange.side(side).text) for exchange in exchanges]


def check_length(group: str, exchanges: Sequence[Exchange], bars: Bars, seed: int) -> Check:
    """Measured from what people wrote, so that many small drifts do not add up from adapter to adapter."""
    rows = [(len(row.candidate.text), len(row.live.text), len(row.reference)) for row in exchanges]
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    interval = bootstrap(rows, [exchange.talk for exchange in exchanges], _compare_drifts, seed)
    drift = abs(math.log((means[0] + 1) / (means[2] + 1)))
    names = ("candidate", "live", "reference")
    return build_check(
        "length_drift",
        group,
        fails=drift > math.log(bars.length_ratio) and interval[0] > 0,
        candidate=means[0],
        live=means[1],
        interval=interval,
        cases=len(rows),
        places={"ratio": show_number(bars.length_ratio)}
        | {name: show_number(mean) for name, mean in zip(names, means, strict=True)},
    )


def _compare_drifts(sums: Sums) -> Sums:
    """How much farther from the references the candidate is, in log units; 1 keeps an empty side finite."""
    logs = np.log(sums + 1)
    found: Sums = np.abs(logs[..., 0] - logs[..., 2]) - np.abs(logs[..., 1] - logs[..., 2])
    return found
