"""How much worse a candidate may look before it is refused. gate.json overrides by name; docs/gate.md gives reasons."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any


class BarError(ValueError):
    """A bar that does not exist, or a value that is none."""


@dataclass(frozen=True)
class RateBar:
    """A share of faulty replies fails where it is above the live one's by more than `margin` and by more than chance,
    or surely above `ceiling`, whatever the live one does.
    """

    margin: float
    ceiling: float = 1.0


@dataclass(frozen=True)
class Needed:
    """Fewer cases than these are a missing case: with so few, the worst adapter would look like noise."""

    heldout: int = 20
    fresh: int = 10
    pairs: int = 8
    latency: int = 6
    judged: int = 12


@dataclass(frozen=True)
class Bars:
    needed: Needed = field(default_factory=Needed)
    # Shares of replies. A live adapter has next to none of the first three, so the ceilings are low.
    empty_replies: RateBar = RateBar(0.02, 0.05)
    not_korean: RateBar = RateBar(0.03, 0.10)
    repeats: RateBar = RateBar(0.05, 0.20)
    same_replies: RateBar = RateBar(0.15, 0.50)  # the same words to different people
    parrots: RateBar = RateBar(0.10, 0.30)
    over_refuses: RateBar = RateBar(0.10, 0.25)
    always_agrees: RateBar = RateBar(0.10, 0.50)
    # Form has no ceiling: a character that never had it is not made better by refusing every successor.
    form_worse: RateBar = RateBar(0.05)
    register_worse: RateBar = RateBar(0.05)
    # Ratios. DPO alone, which does not look at how likely the answer is, moves perplexity by some per cent.
    perplexity_ratio: float = 1.10
    base_perplexity_ratio: float = 1.5  # beside the bare base: an adapter that knows less than none
    coherence_nats: float = 1.0  # a token of the replies e times less likely to the bare base
    length_ratio: float = 1.5  # away from what people wrote
    latency_ratio: float = 1.5  # a batch of one on a shared CPU scatters by a third
    preference_margin: float = 0.05
    judge_share: float = 0.06  # of an item's range: 0.25 of 1 to 5, half a point of 1 to 10


def parse_bars(given: Any) -> Bars:
    """Raises BarError."""
    bars: Bars = _override(Bars(), given, "bars")
    return bars


def dump_bars(bars: Bars) -> dict[str, Any]:
    return dataclasses.asdict(bars)


def _override(default: Any, given: Any, where: str) -> Any:
    if not isinstance(given, dict):
        raise BarError(f"{where}: an object is expected")
    known = {item.name for item in fields(default)}
    if unknown := sorted(set(given) - known):
        raise BarError(f"{where}.{unknown[0]} is no bar; known are {', '.join(sorted(known))}")
    changed = {}
    for name, value in given.items():
        old = getattr(default, name)
        if is_dataclass(old):
            changed[name] = _override(old, value, f"{where}.{name}")
        elif type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise BarError(f"{where}.{name} is {value!r}; a number from 0 on is expected")
        else:
            changed[name] = type(old)(value)
    return dataclasses.replace(default, **changed)
