"""After a withdrawal: the same data without what was withdrawn is frozen and learned from anew.

The rest of an approved snapshot needs no second approval: it holds nothing that was not approved. Going live stays a
person's decision, behind the gate as always.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Adapter, Release
from training.cycle.freeze import freeze_snapshot
from training.cycle.refusals import TrainingRefused
from training.cycle.run_refusals import RunRefused
from training.cycle.train import ask_for_run
from training.models import Snapshot, SnapshotState, TrainingRun, Withdrawal
from training.models.runs import RunTrigger


def retrain_clean(withdrawal_id: UUID | str) -> list[TrainingRun]:
    """A run for the newest tainted snapshot of each character that had an adapter. Asking again starts none twice."""
    receipt = Withdrawal.objects.get(pk=withdrawal_id)
    tainted = Snapshot.objects.filter(digest__in=receipt.snapshots, runs__adapter__isnull=False).distinct()
    newest = {snapshot.character_id: snapshot for snapshot in tainted.order_by("dt_built")}
    runs = (_retrain_without(snapshot) for snapshot in newest.values())
    return [run for run in runs if run is not None]


def close_receipts() -> int:
    """Receipts none of whose adapters serves any longer are done; returns how many were closed."""
    closed = 0
    for receipt in Withdrawal.objects.filter(dt_retrained__isnull=True).exclude(adapters=[]):
        if not is_any_serving(receipt.adapters):
            closed += Withdrawal.objects.filter(pk=receipt.pk).update(dt_retrained=timezone.now())
    return closed


def is_any_serving(names: list[str]) -> bool:
    serving = Release.objects.filter(adapter__in=Adapter.objects.filter(name__in=names), dt_ended__isnull=True)
    return serving.exists()


def _retrain_without(tainted: Snapshot) -> TrainingRun | None:
    remaining = tainted.pairs.filter(pair__isnull=False).values_list("pair_key", flat=True)
    try:
        clean = freeze_snapshot(tainted.character, None, among=list(remaining))
    except TrainingRefused:
        return None  # nothing is left of it: the shipped adapter, or the bare lm, is what there is to go back to
    _approve_rest(clean, tainted)
    if clean.runs.filter(Q(adapter__isnull=False)).exists():
        return None
    before = tainted.runs.order_by("-dt_queued").first()
    try:
        config = before.config if before is not None else {}
        return ask_for_run(clean, by=None, trigger=RunTrigger.WITHDRAWAL, config=config)
    except RunRefused:
        return None  # asked for already


@transaction.atomic
def _approve_rest(clean: Snapshot, tainted: Snapshot) -> None:
    Snapshot.objects.filter(pk=clean.pk, state=SnapshotState.BUILT).update(
        state=SnapshotState.APPROVED,
        dt_decided=timezone.now(),
        decision_note=_("승인된 스냅샷 %(digest)s에서 철회된 쌍을 뺀 나머지예요.") % {"digest": tainted.digest[:12]},
    )
