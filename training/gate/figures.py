"""Figures of a verdict as people read them. Nothing is imported that a page of the admin would not want to load."""

from __future__ import annotations

import math


def show_share(value: float) -> str:
    return f"{100 * value:.1f} %"


def show_number(value: float) -> str:
    """Three digits that count; large ones written out, as 1.41e+08 says nothing to a counsellor."""
    if not math.isfinite(value):
        return "NaN"
    short = f"{value:.3g}"
    return f"{float(short):,.0f}" if "e+" in short else short
