"""A snapshot's figures as lines and bars that a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import User
from training.cycle.freeze import GONE, SEVERAL, TRAIN, get_snapshot_folder
from training.cycle.selection import LARGEST_SHARE_OF_ONE_ANNOTATOR
from training.models import PairKind, Snapshot

SHOWN_TALKS: Final = 2
SHOWN_BARS: Final = 12
LEFT_OUT: Final = {
    "user_cap": gettext_lazy("한 사람의 몫을 넘음"),
    "annotator_cap": gettext_lazy("한 평가자의 몫(20 %)을 넘음"),
    "repeated": gettext_lazy("같은 말이 이미 있음"),
    "unlearnable": gettext_lazy("학습 형식에 맞지 않음"),
    "conversations": gettext_lazy("대화 전체가 형식에 맞지 않음"),
}
"""What freezing leaves out, by its code."""


def describe_bars(composition: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, float]]]]:
    """Titles with (name, per cent), largest first."""
    kinds = [(str(PairKind(kind).label), share) for kind, share in composition.get("kinds", {}).items()]
    groups = (_("어떻게 만들어졌는지"), kinds), (_("평가자"), name_annotators(composition.get("annotator_ids", {})))
    return [(title, list_bars(shares)) for title, shares in groups if shares]


def name_annotators(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """By the ids that the snapshot holds: a name goes with its account."""
    ids = [one for one in shares if one not in (GONE, SEVERAL)]
    names = {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "login_id")}
    names[SEVERAL] = _("두 사람 이상이 함께")
    return [(names.get(one, _("지워진 계정")), share) for one, share in shares.items()]


def find_dominant(composition: Mapping[str, Any]) -> tuple[str, float] | None:
    """Name and per cent of whom more pairs stem from alone than freezing allows where there are enough annotators."""
    shares = {one: share for one, share in composition.get("annotator_ids", {}).items() if one != SEVERAL}
    dominant = {one: share for one, share in shares.items() if share > LARGEST_SHARE_OF_ONE_ANNOTATOR}
    return next(iter(list_bars(name_annotators(dominant))), None)


def list_bars(shares: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    largest = sorted(shares, key=lambda one: -one[1])[:SHOWN_BARS]
    return [(name, round(100 * share, 1)) for name, share in largest]


def describe_left_out(counts: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(LEFT_OUT.get(code, code)), number) for code, number in counts.get("left_out", {}).items()]


def read_first_talks(snapshot: Snapshot, *, with_clinical: bool) -> list[list[dict[str, Any]]]:
    """The first conversations of its file, where it was imported and so has no pairs in the database."""
    path = get_snapshot_folder(snapshot.digest) / f"{TRAIN}.jsonl"
    if not snapshot.composition.get("imported") or not path.is_file():
        return []
    with path.open(encoding="utf-8") as lines:
        talks = map(json.loads, lines)
        shown = (talk["turns"] for talk in talks if with_clinical or not talk.get("clinical", False))
        return list(islice(shown, SHOWN_TALKS))
