"""Figures as a counsellor reads them."""

from __future__ import annotations

import math

import pytest

from training.gate.figures import show_number


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.79167, "0.792"), (28.84, "28.8"), (1234.5, "1,230"), (1.412e8, "141,000,000"), (math.nan, "NaN")],
)
def test_three_digits_count_and_none_hides_in_an_exponent(value: float, shown: str) -> None:
    assert show_number(value) == shown
