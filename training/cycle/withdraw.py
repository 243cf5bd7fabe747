"""Undoes the flywheel for one person: pairs go, what was made from them is tainted, and a clean run is asked for.

Tainted is every snapshot that holds one of the pairs, every adapter trained from such a snapshot, and every adapter
trained on from a tainted one. A tainted adapter is never promoted again; one that serves goes on until a clean one
takes its place (promise P6: within 30 days), or until somebody rolls it back. Files and reports with the person's
words are deleted at once.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.models import Adapter
from chat.serving.taint import taint_adapter
from training.bell import ring
from training.cycle.freeze import get_snapshot_folder
from training.cycle.prepare import GATE_PREFIX
from training.models import (
    ArenaCase,
    Evaluation,
    ItemState,
    Pair,
    Rating,
    ReviewItem,
    RunState,
    Snapshot,
    SnapshotPair,
    SnapshotState,
    TrainingRun,
    Withdrawal,
    WithdrawalCause,
)


@transaction.atomic
def withdraw_pairs(pairs: QuerySet[Pair], user_id: UUID, cause: WithdrawalCause) -> Withdrawal:
    """Remove these pairs of one user with everything that was made from them. Returns the receipt."""
    rows = list(pairs.select_for_update(of=("self",)).order_by("pk").values_list("pk", "character_id", "dt_derived"))
    ids = [pk for pk, _, _ in rows]
    _strip_evaluations({character_id: dt for _, character_id, dt in sorted(rows, key=lambda row: row[2], reverse=True)})
    snapshots = _taint_snapshots(ids)
    adapters = _taint_adapters(snapshots)
    Pair.objects.filter(pk__in=ids).delete()
    receipt = Withdrawal.objects.create(
        user_id=user_id,
        cause=cause,
        pairs_removed=len(ids),
        snapshots=[snapshot.digest for snapshot in snapshots],
        adapters=[adapter.name for adapter in adapters],
    )
    if adapters:
        ring("training.tasks.retrain_clean", str(receipt.pk))
    return receipt


@transaction.atomic
def withdraw_review(items: QuerySet[ReviewItem], user_id: UUID, cause: WithdrawalCause) -> Withdrawal:
    """Take replies out of the queue with all that experts wrote about them, and the pairs made of that.

    Of a single dialog (cause `feedback`) the emptied item stays, so that the queue never asks for it again.
    """
    ids = list(items.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    dialogs = ReviewItem.objects.filter(pk__in=ids).values("reply__dialog")
    receipt = withdraw_pairs(Pair.objects.filter(dialog__in=dialogs), user_id, cause)
    Rating.objects.filter(item__in=ids).delete()
    if cause == WithdrawalCause.FEEDBACK:
        ReviewItem.objects.filter(pk__in=ids).update(state=ItemState.WITHDRAWN, dt_done=timezone.now())
    else:
        ReviewItem.objects.filter(pk__in=ids).delete()
    receipt.items_removed = len(ids)
    receipt.save(update_fields=["items_removed"])
    return receipt


def _strip_evaluations(earliest: Mapping[UUID, datetime]) -> None:
    """Talks that came after a snapshot are shown to its candidate as fresh ones: whatever was judged since may hold
    the person's words. `earliest`: by character, when the first of the pairs was derived.
    """
    for character_id, dt_derived in earliest.items():
        since = Evaluation.objects.filter(character_id=character_id, dt_queued__gte=dt_derived)
        for evaluation in since:
            _strip_evaluation(evaluation)


def _taint_snapshots(pair_ids: Iterable[UUID]) -> list[Snapshot]:
    holding = SnapshotPair.objects.filter(pair__in=list(pair_ids)).values("snapshot_id")
    snapshots = list(Snapshot.objects.select_for_update(of=("self",)).filter(pk__in=holding).order_by("digest"))
    for snapshot in snapshots:
        snapshot.state = SnapshotState.TAINTED
        snapshot.dt_tainted = snapshot.dt_tainted or timezone.now()
        snapshot.save(update_fields=["state", "dt_tainted"])
        transaction.on_commit(partial(_delete_folder, get_snapshot_folder(snapshot.digest)))
    return snapshots


def _taint_adapters(snapshots: list[Snapshot]) -> list[Adapter]:
    """Those trained from the snapshots, and those trained on from them, however far down."""
    runs = list(TrainingRun.objects.filter(snapshot__in=snapshots))
    known = {run.pk for run in runs}
    adapters: dict[UUID, Adapter] = {}
    while runs:
        for run in runs:
            _forget_run(run)
        found = [run.adapter for run in runs if run.adapter is not None]
        adapters |= {adapter.pk: adapter for adapter in found}
        runs = list(TrainingRun.objects.filter(parent__in=found).exclude(pk__in=known))
        known |= {run.pk for run in runs}
    for adapter in adapters.values():
        taint_adapter(adapter, reason="withdrawal")
    return sorted(adapters.values(), key=lambda adapter: adapter.name)


def _forget_run(run: TrainingRun) -> None:
    """A run that has not ended is called off; copies of the data and sampled texts go."""
    TrainingRun.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.CANCELLED, dt_finished=timezone.now(), error_code="snapshot_tainted"
    )
    TrainingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(dt_cancel_requested=timezone.now())
    transaction.on_commit(partial(_delete_folder, Path(settings.MARY_RUNS_FOLDER) / str(run.pk)))
    for evaluation in Evaluation.objects.filter(run=run):
        _strip_evaluation(evaluation)


def _strip_evaluation(evaluation: Evaluation) -> None:
    """The figures and the verdict stay; what anybody said goes, and with it the folder of a gate that still runs."""
    ArenaCase.objects.filter(evaluation=evaluation).delete()
    evaluation.report = strip_texts(evaluation.report)
    evaluation.save(update_fields=["report"])
    transaction.on_commit(partial(_delete_folder, Path(settings.MARY_RUNS_FOLDER) / f"{GATE_PREFIX}{evaluation.pk}"))


def strip_texts(report: dict[str, object]) -> dict[str, object]:
    """The report's figures and verdict, without what anybody said."""
    return {name: value for name, value in report.items() if name not in ("worst", "samples")}


def _delete_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
