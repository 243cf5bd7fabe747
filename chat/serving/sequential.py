"""Is the new arm worse? A test that may be looked at after every reply. No Django.

Source: Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional
stopping" (J. Statist. Plann. Inference 230, 2024; arXiv:2106.02693), blocks of one reply of each arm. A block's factor
is p(new; b) p(old; a) / (p(new; m) p(old; m)) with b > a learned from earlier blocks and m their mean. Its expectation
is (1 + x)(1 - y), with x = (θnew - m)(b - m)/(m(1 - m)) and y the same of θold: at most 1 whenever θnew ≤ θold, so the
product passes 1/α with a chance of at most α, however often one looks (Ville). Not covered: replies that depend on
each other, such as many of one user.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PRIOR: Final = 0.18
"""Of the Beta(0.18, 0.18) by which both rates are learned; the paper's choice."""


def measure_evidence(blocks: Iterable[tuple[bool, bool]]) -> float:
    """The largest value that the test reached. A block says whether the new arm's and the old arm's reply was bad."""
    evidence = largest = 1.0
    bad_new = bad_old = seen = 0
    for is_new_bad, is_old_bad in blocks:
        rate_new, rate_old = ((bad + PRIOR) / (seen + 2 * PRIOR) for bad in (bad_new, bad_old))
        if rate_new > rate_old:
            mean = (rate_new + rate_old) / 2
            evidence *= _weigh(is_new_bad, rate_new, mean) * _weigh(is_old_bad, rate_old, mean)
        largest = max(largest, evidence)
        bad_new, bad_old, seen = bad_new + is_new_bad, bad_old + is_old_bad, seen + 1
    return largest


def _weigh(is_bad: bool, rate: float, mean: float) -> float:
    return rate / mean if is_bad else (1 - rate) / (1 - mean)
