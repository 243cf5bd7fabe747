"""After a withdrawal: the same data without what was withdrawn is frozen and learned from anew.

The rest of an approved snapshot needs no second approval: it holds nothing that was not approved. Going live stays a
person's decision, behind the gate as always.
"""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Adapter, Release
from training.cycle.freeze import find_frozen, freeze_snapshot
from training.cycle.refusals import TrainingRefused
from training.cycle.train import ask_for_run
from training.models import LIVE_RUN_STATES, RunState, Snapshot, SnapshotState, TrainingRun, Withdrawal
from training.models.runs import RunTrigger

logger = logging.getLogger(__name__)

HOPED_FOR: Final = (*LIVE_RUN_STATES, RunState.DONE)
NOTHING_LEFT: Final = "no_pairs"


def retrain_clean(withdrawal_id: UUID | str) -> list[TrainingRun]:
    """A run for the newest tainted snapshot of each character that had an adapter. Asking again starts none twice."""
    receipt = Withdrawal.objects.get(pk=withdrawal_id)
    owed = (tainted for tainted in _list_learned(receipt) if not _list_runs_since(receipt, tainted).exists())
    runs = (_retrain_without(tainted) for tainted in owed)
    return [run for run in runs if run is not None]


def sweep_receipts() -> list[TrainingRun]:
    """Another try for every open receipt whose clean run failed, was cancelled, or could not be asked for."""
    return [run for receipt in _list_open() for run in retrain_clean(receipt.pk)]


def close_receipts() -> int:
    """A receipt is done once its adapters serve nobody and its clean runs are done or impossible. Returns how many."""
    closed = 0
    for receipt in _list_open():
        if not is_any_serving(receipt.adapters) and _is_relearned(receipt):
            closed += Withdrawal.objects.filter(pk=receipt.pk).update(dt_retrained=timezone.now())
    return closed


def is_any_serving(names: list[str]) -> bool:
    serving = Release.objects.filter(adapter__in=Adapter.objects.filter(name__in=names), dt_ended__isnull=True)
    return serving.exists()


def _list_open() -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(dt_retrained__isnull=True).exclude(adapters=[]).order_by("dt_withdrawn")


def _list_learned(receipt: Withdrawal) -> list[Snapshot]:
    """The newest tainted snapshot of each character that an adapter was made from."""
    tainted = Snapshot.objects.filter(digest__in=receipt.snapshots, runs__adapter__isnull=False).distinct()
    return list({snapshot.character_id: snapshot for snapshot in tainted.order_by("dt_built")}.values())


def _keep_clean(runs: QuerySet[TrainingRun]) -> QuerySet[TrainingRun]:
    """Waiting, running or done, with nothing withdrawn in the snapshot, the parent or the adapter."""
    clean = runs.filter(state__in=HOPED_FOR).exclude(snapshot__state=SnapshotState.TAINTED)
    return clean.exclude(parent__is_tainted=True).exclude(adapter__is_tainted=True)


def _list_runs_since(receipt: Withdrawal, tainted: Snapshot) -> QuerySet[TrainingRun]:
    """Clean ones of the character that were asked for after the withdrawal, by whomever."""
    runs = TrainingRun.objects.filter(character=tainted.character_id, dt_queued__gte=receipt.dt_withdrawn)
    return _keep_clean(runs)


def _is_relearned(receipt: Withdrawal) -> bool:
    return all(_is_relearned_without(receipt, tainted) for tainted in _list_learned(receipt))


def _is_relearned_without(receipt: Withdrawal, tainted: Snapshot) -> bool:
    """Only looks: what is missing is for `sweep_receipts` to freeze and to ask for."""
    runs = _list_runs_since(receipt, tainted)
    if runs.exists():
        return runs.filter(state=RunState.DONE).exists()
    try:
        rest = find_frozen(tainted.character, among=_list_remaining(tainted))
    except TrainingRefused as refusal:
        return refusal.code == NOTHING_LEFT
    return rest is not None and _keep_clean(rest.runs.all()).filter(state=RunState.DONE).exists()


def _list_remaining(tainted: Snapshot) -> list[str]:
    return list(tainted.pairs.filter(pair__isnull=False).values_list("pair_key", flat=True))


def _retrain_without(tainted: Snapshot) -> TrainingRun | None:
    try:
        clean = freeze_snapshot(tainted.character, None, among=_list_remaining(tainted))
        _approve_rest(clean, tainted)
        if _keep_clean(clean.runs.all()).filter(state=RunState.DONE).exists():
            return None
        before = tainted.runs.order_by("-dt_queued").first()
        config = before.config if before is not None else {}
        return ask_for_run(clean, by=None, trigger=RunTrigger.WITHDRAWAL, config=config)
    except TrainingRefused as refusal:
        # Nothing is left of it: the shipped adapter, or the bare lm, is what there is to go back to.
        if refusal.code not in (NOTHING_LEFT, "already_asked"):
            logger.warning("nothing learns %s anew: %s %s", tainted.digest[:12], refusal.code, refusal.detail)
        return None


@transaction.atomic
def _approve_rest(clean: Snapshot, tainted: Snapshot) -> None:
    Snapshot.objects.filter(pk=clean.pk, state=SnapshotState.BUILT).update(
        state=SnapshotState.APPROVED,
        dt_decided=timezone.now(),
        decision_note=_("승인된 스냅샷 %(digest)s에서 철회된 쌍을 뺀 나머지예요.") % {"digest": tainted.digest[:12]},
    )
