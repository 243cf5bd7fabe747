"""A snapshot's figures as lines and bars that a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.cycle.freeze import TRAIN
from training.models import PairKind

SHOWN_TALKS: Final = 2
SHOWN_BARS: Final = 12
LEFT_OUT: Final = {
    "user_cap": gettext_lazy("한 사람의 몫을 넘음"),
    "repeated": gettext_lazy("같은 말이 이미 있음"),
    "unlearnable": gettext_lazy("학습 형식에 맞지 않음"),
    "conversations": gettext_lazy("대화 전체가 형식에 맞지 않음"),
}
"""What freezing leaves out, by its code."""


def describe_bars(composition: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, float]]]]:
    """Titles with (name, per cent), largest first."""
    kinds = {str(PairKind(kind).label): share for kind, share in composition.get("kinds", {}).items()}
    groups = ((_("어떻게 만들어졌는지"), kinds), (_("평가자"), composition.get("annotators", {})))
    return [(title, list_bars(shares)) for title, shares in groups if shares]


def list_bars(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    return [(name, round(100 * share, 1)) for name, share in list(shares.items())[:SHOWN_BARS]]


def describe_left_out(counts: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(LEFT_OUT.get(code, code)), number) for code, number in counts.get("left_out", {}).items()]


def read_first_talks(folder: Path) -> list[list[dict[str, Any]]]:
    """The first conversations of the file, for a snapshot that was imported and so has no pairs in the database."""
    return list(islice(_read_turns(folder / f"{TRAIN}.jsonl"), SHOWN_TALKS))


def _read_turns(path: Path) -> Iterator[list[dict[str, Any]]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["turns"]
