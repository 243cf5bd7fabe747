"""What a ring of a schedule's clock does at a given time, found out without doing any of it.

The line on the pages and the start itself go by it alike, so that neither says what the other does not keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.models import Character, User
from training.cycle.disk import estimate_need, has_room
from training.cycle.freeze import choose_pairs, find_frozen
from training.cycle.refusals import REFUSALS, TrainingRefused
from training.cycle.run_refusals import RUN_REFUSALS
from training.models import (
    LIVE_RUN_STATES,
    Pair,
    RetrainPolicy,
    RunState,
    Snapshot,
    SnapshotPair,
    SnapshotState,
    TrainingRun,
)

APPROVE: Final = "training.approve_snapshot"


class Outcome(StrEnum):
    STARTS = "starts"
    STARTS_APPROVED = "starts_approved"
    IF_FREE = "if_free"
    FREEZES = "freezes"
    OFF = "off"
    BUSY = "busy"
    REST_TO_COME = "rest_to_come"
    RESTING = "resting"
    NO_ROOM = "no_room"
    WAITING = "waiting"
    TOO_FEW = "too_few"
    NOTHING_NEW = "nothing_new"


WORDS: Final[dict[str, Promise]] = {
    Outcome.STARTS: _("새 쌍이 %(found)d개 모여서 시작해요."),
    Outcome.STARTS_APPROVED: _("승인된 스냅샷으로 시작해요."),
    Outcome.IF_FREE: _("지금 다른 학습이 기다리거나 돌고 있어요. 그때까지 끝나면 시작해요."),
    Outcome.FREEZES: _("새 쌍이 %(found)d개 모여서 스냅샷만 만들어 두고, 승인을 기다려요."),
    Outcome.OFF: _("꺼져 있어요. 켜면 정한 때에 확인해요."),
    Outcome.BUSY: _("다른 학습이 기다리거나 돌고 있었어요."),
    Outcome.REST_TO_COME: _("이 캐릭터의 다른 학습이 아직 끝나지 않았어요. 끝나고 %(hours)d시간을 쉰 뒤에 시작해요."),
    Outcome.RESTING: _("지난 학습 뒤 쉬는 시간이에요. %(until)s부터 시작할 수 있어요."),
    Outcome.NO_ROOM: _("디스크에 자리가 모자라요. 자리를 비워 주세요."),
    Outcome.WAITING: _("스냅샷이 승인을 기다리고 있어요. 승인하면 다음 시각에 시작해요."),
    Outcome.TOO_FEW: _("새 쌍이 %(wanted)d개 모이면 시작해요. 지금은 %(found)d개예요."),
    Outcome.NOTHING_NEW: REFUSALS["nothing_new"],
}
FOUND_IN_VAIN: Final = (Outcome.NOTHING_NEW, "snapshot_tainted", "no_pairs")
"""Of the last ring: what it froze came to nothing that it could use."""


@dataclass(frozen=True)
class Foreseen:
    """`figures`: what WORDS leaves open. `snapshot`: what a run learns from; None where it has yet to be frozen."""

    outcome: Outcome
    figures: dict[str, int | str] = field(default_factory=dict)
    snapshot: Snapshot | None = None

    @property
    def starts(self) -> bool:
        return self.outcome in (Outcome.STARTS, Outcome.STARTS_APPROVED)

    def dump(self) -> dict[str, Any]:
        return {"code": self.outcome, "figures": self.figures}


def tell(stored: Mapping[str, Any]) -> str:
    """A dumped outcome, or what was refused at the ring itself, for people, in the language that is active."""
    if not stored:
        return ""
    code: str = stored["code"]
    figures: dict[str, Any] = stored["figures"]
    if code in WORDS:
        return str(WORDS[code]) % figures
    sentence = RUN_REFUSALS.get(code) or REFUSALS[code]
    return " ".join(part for part in (str(sentence), figures["detail"]) if part)


def foresee(policy: RetrainPolicy, at: datetime, now: datetime) -> Foreseen:
    """As things stand now, with the cool-down as it will stand then. The cheapest questions come first."""
    if not policy.is_enabled:
        return Foreseen(Outcome.OFF)
    foreseen = _find_hindrance(policy, at, now) or _foresee_start(policy)
    if foreseen.starts and TrainingRun.objects.filter(state__in=LIVE_RUN_STATES).exists():
        return Foreseen(Outcome.IF_FREE if at > now else Outcome.BUSY)
    return foreseen


def _find_hindrance(policy: RetrainPolicy, at: datetime, now: datetime) -> Foreseen | None:
    runs = TrainingRun.objects.filter(character=policy.character)
    rest = timedelta(hours=policy.cooldown_hours)
    if at < now + rest and runs.filter(state__in=LIVE_RUN_STATES).exists():
        return Foreseen(Outcome.REST_TO_COME, {"hours": policy.cooldown_hours})
    last = runs.exclude(dt_finished=None).order_by("-dt_finished").first()
    if last is not None and last.dt_finished is not None and at < last.dt_finished + rest:
        until = timezone.localtime(last.dt_finished + rest).strftime("%Y-%m-%d %H:%M")
        return Foreseen(Outcome.RESTING, {"until": until})
    if not has_room(Path(settings.MARY_RUNS_FOLDER), estimate_need(policy.character)):
        return Foreseen(Outcome.NO_ROOM)
    return None


def _foresee_start(policy: RetrainPolicy) -> Foreseen:
    newest = Snapshot.objects.filter(character=policy.character).first()
    if newest is not None and (is_unused(newest) or is_covered(newest, policy.approver)):
        return Foreseen(Outcome.STARTS_APPROVED, snapshot=newest)
    if newest is not None and newest.state == SnapshotState.BUILT:
        return Foreseen(Outcome.WAITING)
    found = count_new_pairs(policy.character)
    if found < policy.minimum_new_pairs:
        return Foreseen(Outcome.TOO_FEW, {"found": found, "wanted": policy.minimum_new_pairs})
    if _is_in_vain(policy):
        return Foreseen(Outcome.NOTHING_NEW)
    return Foreseen(Outcome.STARTS if may_approve(policy.approver) else Outcome.FREEZES, {"found": found})


def is_unused(snapshot: Snapshot) -> bool:
    """Approved, and nothing was made of it yet. A run that failed is tried again; one that was called off is not."""
    is_approved = snapshot.state == SnapshotState.APPROVED
    return is_approved and not snapshot.runs.exclude(state=RunState.FAILED).exists()


def is_covered(snapshot: Snapshot, approver: User | None) -> bool:
    """Whether the standing yes is enough for what waits: nobody's for their own, and none for what was brought in."""
    if snapshot.state != SnapshotState.BUILT or approver is None or snapshot.built_by_id == approver.pk:
        return False
    return may_approve(approver) and snapshot.pairs.exists()


def may_approve(approver: User | None) -> bool:
    """Somebody whose standing yes the policy holds, and who may still give it."""
    return approver is not None and approver.is_active and approver.has_perm(APPROVE)


def count_new_pairs(character: Character) -> int:
    """What a freeze would take and no snapshot holds that is still whole, whatever was decided on it."""
    usable = Pair.objects.usable().filter(character=character)
    held = SnapshotPair.objects.filter(snapshot__character=character).exclude(snapshot__state=SnapshotState.TAINTED)
    fresh = set(usable.exclude(key__in=held.values("pair_key")).values_list("key", flat=True))
    return len(fresh.intersection(choose_pairs(usable).keys)) if fresh else 0


def _is_in_vain(policy: RetrainPolicy) -> bool:
    """Whether a freeze would only find what is there, or nothing that can be learned from.

    It reads every room, so it is asked only where something points to it: a ring that found so, or a tainted snapshot
    that lost none of its pairs.
    """
    tainted = Snapshot.objects.filter(character=policy.character, state=SnapshotState.TAINTED, pairs__isnull=False)
    is_doubtful = policy.last_refusal.get("code") in FOUND_IN_VAIN
    if not is_doubtful and not tainted.exclude(pairs__pair__isnull=True).exists():
        return False
    try:
        return find_frozen(policy.character) is not None
    except TrainingRefused:
        return True
