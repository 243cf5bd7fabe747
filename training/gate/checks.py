"""One check: figures of both sides, the bar, and whether the candidate stays within it. Its words: texts.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from training.gate.intervals import Interval

TEXTS: Final = Path(__file__).parent / "texts.toml"
MISSING_CASE: Final = "missing_case"
MISSING_EVALUATOR: Final = "missing_evaluator"
EVALUATOR_FAILED: Final = "evaluator_failed"

Figure = float | None
Words = dict[str, str]
"""By language: ko, en."""


@dataclass(frozen=True)
class Check:
    """`code`: why the candidate is refused, empty where it passed. `interval`: of what is compared with the bar."""

    name: str  # what.group
    group: str
    title: Words
    candidate: Figure
    live: Figure
    interval: Interval | None
    cases: int
    bar: Words
    code: str
    why: Words

    @property
    def passed(self) -> bool:
        return not self.code

    def dump(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "group": self.group,
            "title": self.title,
            "candidate": drop_infinite(self.candidate),
            "live": drop_infinite(self.live),
            "interval": [drop_infinite(end) for end in self.interval] if self.interval else None,
            "cases": self.cases,
            "bar": self.bar,
            "passed": self.passed,
            "code": self.code,
            "why": self.why,
        }


@dataclass(frozen=True)
class Gap:
    """Something that is measured only where somebody arranged for it, and nobody did."""

    code: str
    words: Words


def build_gap(code: str, **places: int) -> Gap:
    texts = load_texts()["gap"][code]
    return Gap(code, {language: texts[language].format_map(places) for language in ("ko", "en")})


def build_check(
    what: str,
    group: str,
    *,
    fails: bool,
    code: str = "",
    candidate: Figure = None,
    live: Figure = None,
    interval: Interval | None = None,
    cases: int = 0,
    places: Mapping[str, str] | None = None,
) -> Check:
    """`places`: what fills the places of the texts, as people read it. `code` is `what` where it is not given."""
    texts = load_texts()["check"][what]
    filled = {"cases": str(cases), "group_ko": name_group(group, "ko"), "group_en": name_group(group, "en")}
    filled |= places or {}
    return Check(
        name=f"{what}.{group}" if group else what,
        group=group,
        title=fill(texts, "title", filled),
        candidate=candidate,
        live=live,
        interval=interval,
        cases=cases,
        bar=fill(texts, "bar", filled),
        code=(code or what) if fails else "",
        why=fill(texts, "why" if fails else "fine", filled),
    )


def build_absence(what: str, group: str, code: str, reason: str) -> Check:
    """Of something that could not be measured: missing_case, missing_evaluator or evaluator_failed."""
    texts = load_texts()
    filled = {"reason": reason, "group_ko": name_group(group, "ko"), "group_en": name_group(group, "en")}
    titles = texts["check"].get(what, texts["evaluator"].get(what))
    return Check(
        name=f"{what}.{group}" if group else what,
        group=group,
        title=fill(titles, "title", filled),
        candidate=None,
        live=None,
        interval=None,
        cases=0,
        bar=fill(texts["absence"], "bar", filled),
        code=code,
        why=fill(texts["absence"], code, filled),
    )


def fill(texts: Mapping[str, str], part: str, places: Mapping[str, str]) -> Words:
    return {language: texts[f"{part}_{language}"].format_map(places) for language in ("ko", "en")}


def name_group(group: str, language: str) -> str:
    return str(load_texts()["group"].get(group, {}).get(language, group))


def describe_code(code: str) -> Words:
    """The sentence under "why refused"."""
    return dict(load_texts()["reason"][code])


def drop_infinite(value: Figure) -> Figure:
    """JSON knows no NaN."""
    return value if value is not None and math.isfinite(value) else None


@cache
def load_texts() -> dict[str, Any]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))
