"""The written rule: experts' acts on the answers to one message → preference pairs. Pure; a user's thumb is no act.

    correction  the corrected text is better than the reply that was corrected
    choice      the reply that an expert took from those side by side is better than each other one that stood there
    margin      of two replies with authoritative ratings, the one that is MARGIN points or more above is better

Where a reply has an authoritative act, the other acts on it no longer count.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from training.finetune.records import FOREIGN_LABEL

MARGIN: Final = 3
"""Points of ten between two overall ratings that are no longer a matter of mood."""
GOOD_AS_IT_IS: Final = 8
"""An overall from here on, without a correction, speaks against correcting the reply."""
LEAST_AGREEMENT: Final = 0.6
"""Share of those who spoke about a pair that must be for it: two of three are enough, one of two is not."""
CRISIS_LEVEL: Final = 2
MAX_CHARACTERS: Final = 1000
PLACEHOLDER: Final = re.compile(r"\[[가-힣]+\d+\]")
"""What the pseudonymiser writes for a name or number; a reply that holds one would be learned by heart."""


@dataclass(frozen=True, slots=True)
class Act:
    """What one expert did with one reply."""

    rating_id: str
    annotator_id: str
    reply_id: str
    overall: int | None = None
    correction: str = ""
    preferred_reply_id: str = ""
    shown_reply_ids: tuple[str, ...] = ()  # side by side when the expert judged, the judged one included
    is_authoritative: bool = False
    is_clinical: bool = False


@dataclass(frozen=True, slots=True)
class RatedDialog:
    """One message, its answers (id → pseudonymised text) and all that experts did with them."""

    dialog_id: str
    crisis_level: int
    replies: Mapping[str, str]
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class DerivedPair:
    kind: str
    chosen: str
    rejected: str
    agreement: float  # share of the experts who spoke about it and are for it, 0 to 1
    rating_ids: tuple[str, ...]  # of those who are for it, sorted
    exclusion: str = ""  # why it stays out of snapshots; empty for one that may be used

    def compute_key(self, dialog_id: str) -> str:
        said = json.dumps([dialog_id, self.kind, self.chosen, self.rejected], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Claim:
    kind: str
    chosen: str
    rejected: str
    act: Act


def derive_pairs(dialog: RatedDialog) -> list[DerivedPair]:
    """In a fixed order, whatever the order of the acts: the same acts give the same pairs."""
    acts = _list_counting_acts(dialog.acts)
    claims: dict[tuple[str, str, str], list[Act]] = defaultdict(list)
    for claim in (*_claim_corrections(dialog, acts), *_claim_choices(dialog, acts), *_claim_margins(dialog, acts)):
        if claim.chosen and claim.rejected and claim.chosen != claim.rejected:
            claims[claim.kind, claim.chosen, claim.rejected].append(claim.act)
    return [_judge(dialog, acts, kind, chosen, rejected, claims) for kind, chosen, rejected in sorted(claims)]


def _list_counting_acts(acts: tuple[Act, ...]) -> list[Act]:
    decided = {act.reply_id for act in acts if act.is_authoritative}
    counting = (act for act in acts if act.is_authoritative or act.reply_id not in decided)
    return sorted(counting, key=lambda act: act.rating_id)


def _claim_corrections(dialog: RatedDialog, acts: list[Act]) -> Iterator[_Claim]:
    for act in acts:
        if act.correction:
            yield _Claim("correction", act.correction, dialog.replies.get(act.reply_id, ""), act)


def _claim_choices(dialog: RatedDialog, acts: list[Act]) -> Iterator[_Claim]:
    for act in acts:
        if act.preferred_reply_id not in dialog.replies:
            continue
        for reply_id in act.shown_reply_ids:  # an answer that came later was compared by nobody
            if reply_id != act.preferred_reply_id:
                yield _Claim("choice", dialog.replies[act.preferred_reply_id], dialog.replies.get(reply_id, ""), act)


def _claim_margins(dialog: RatedDialog, acts: list[Act]) -> Iterator[_Claim]:
    decided = [act for act in acts if act.is_authoritative and act.overall is not None]
    for one, other in combinations(decided, 2):
        better, worse = (one, other) if (one.overall or 0) >= (other.overall or 0) else (other, one)
        if better.reply_id != worse.reply_id and (better.overall or 0) - (worse.overall or 0) >= MARGIN:
            texts = dialog.replies.get(better.reply_id, ""), dialog.replies.get(worse.reply_id, "")
            yield _Claim("margin", *texts, better)
            yield _Claim("margin", *texts, worse)


def _judge(
    dialog: RatedDialog,
    acts: list[Act],
    kind: str,
    chosen: str,
    rejected: str,
    claims: Mapping[tuple[str, str, str], list[Act]],
) -> DerivedPair:
    supporting = claims[kind, chosen, rejected]
    supporters = {act.annotator_id for act in supporting}
    if kind == "correction":
        # Whoever corrected the reply in another way agrees that it was to be corrected.
        supporters = {
            act.annotator_id for act in acts if act.correction and dialog.replies.get(act.reply_id) == rejected
        }
        opponents = {act.annotator_id for act in acts if _accepts(dialog, act, rejected)}
    else:
        opponents = {act.annotator_id for other in _list_reversed(claims, chosen, rejected) for act in other}
    opponents -= supporters
    agreement = len(supporters) / (len(supporters) + len(opponents))
    return DerivedPair(
        kind=kind,
        chosen=chosen,
        rejected=rejected,
        agreement=round(agreement, 4),
        rating_ids=tuple(sorted({act.rating_id for act in supporting})),
        exclusion=_find_exclusion(dialog, supporting, chosen, rejected, agreement),
    )


def _accepts(dialog: RatedDialog, act: Act, text: str) -> bool:
    is_about_it = dialog.replies.get(act.reply_id) == text
    return is_about_it and not act.correction and (act.overall or 0) >= GOOD_AS_IT_IS


def _list_reversed(claims: Mapping[tuple[str, str, str], list[Act]], chosen: str, rejected: str) -> Iterator[list[Act]]:
    for kind in ("choice", "margin"):
        if (kind, rejected, chosen) in claims:
            yield claims[kind, rejected, chosen]


def _find_exclusion(dialog: RatedDialog, supporting: list[Act], chosen: str, rejected: str, agreement: float) -> str:
    texts = (chosen, rejected)
    if dialog.crisis_level >= CRISIS_LEVEL and not any(act.is_clinical for act in supporting):
        return "crisis_turn"
    if agreement < LEAST_AGREEMENT:
        return "low_agreement"
    if any(PLACEHOLDER.search(text) for text in texts):
        return "placeholder"
    if any(len(text) > MAX_CHARACTERS or FOREIGN_LABEL.search(text) for text in texts):
        return "unlearnable"
    return ""
