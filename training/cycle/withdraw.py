"""Undoes the flywheel for one person: pairs go, what was made from them is tainted, and a clean run is asked for.

Tainted is every snapshot that holds one of the pairs, every adapter trained from such a snapshot, and every adapter
trained on from a tainted one. A tainted adapter is never promoted again; one that serves goes on until a clean one
takes its place (promise P6: within 30 days), or until somebody rolls it back. Files and reports with the person's
words are deleted at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.models import Adapter, Dialog
from chat.serving.taint import taint_adapter
from training.bell import ring
from training.cycle.freeze import get_snapshot_folder, name_room
from training.cycle.kept_answers import forget_answers
from training.cycle.lineage import list_evaluations_showing
from training.cycle.pair import lock_pairs
from training.cycle.prepare import GATE_PREFIX
from training.finetune.run_folder import delete_folder
from training.models import (
    ArenaCase,
    Evaluation,
    EvaluationState,
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
def withdraw_training(user_id: UUID) -> Withdrawal | None:
    """Remove every pair of this user with everything that was made from them. None where there was nothing."""
    pairs = Pair.objects.filter(user_id=user_id)
    rooms = set(pairs.values_list("counsel_id", flat=True))
    # A talk whose pair is gone may have been shown to a candidate while there was one.
    reviewed = ReviewItem.objects.filter(user_id=user_id).exclude(state=ItemState.WITHDRAWN)
    shown = rooms | set(reviewed.values_list("reply__dialog__counsel_id", flat=True))
    if rooms:
        return _withdraw(pairs, shown, user_id, WithdrawalCause.CONSENT)
    _strip_evaluations(shown)
    return None


@transaction.atomic
def withdraw_review(
    user_id: UUID, cause: WithdrawalCause, *, counsel_id: UUID | None = None, dialog_id: UUID | None = None
) -> Withdrawal | None:
    """Take a user's replies out of the queue with all that experts wrote about them, and what was made of that.

    Of one room or one dialog only, where they are named. Of a dialog the emptied items stay, so that the queue never
    asks for it again. None where there was nothing, or no more.
    """
    items = ReviewItem.objects.filter(user_id=user_id).exclude(state=ItemState.WITHDRAWN)
    if counsel_id is not None:
        items = items.filter(reply__dialog__counsel_id=counsel_id)
    if dialog_id is not None:
        items = items.filter(reply__dialog_id=dialog_id)
    ids = list(items.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return None
    dialogs = list(Dialog.objects.filter(replies__review_item__in=ids).values_list("pk", "counsel_id").distinct())
    pairs = Pair.objects.filter(dialog__in=[pk for pk, _ in dialogs])
    receipt = _withdraw(pairs, {room for _, room in dialogs}, user_id, cause, items=len(ids))
    Rating.objects.filter(item__in=ids).delete()
    if cause == WithdrawalCause.FEEDBACK:
        ReviewItem.objects.filter(pk__in=ids).update(state=ItemState.WITHDRAWN, dt_done=timezone.now())
    else:
        ReviewItem.objects.filter(pk__in=ids).delete()
    return receipt


def _withdraw(
    pairs: QuerySet[Pair], rooms: set[UUID], user_id: UUID, cause: WithdrawalCause, *, items: int = 0
) -> Withdrawal:
    """Every snapshot that holds a pair of one of these rooms may hold the words as what was said before."""
    # All pairs of the rooms, though only some go: a freeze that holds one of the others may be writing down, as what
    # was said before it, the words that go.
    lock_pairs(Pair.objects.filter(counsel__in=rooms))
    ids = list(pairs.values_list("pk", flat=True))
    # Before anything goes: since the first of the replies was queued, an evaluation may have shown the words.
    _strip_evaluations(rooms)
    snapshots = _taint_snapshots(rooms)
    adapters = _taint_adapters(snapshots)
    Pair.objects.filter(pk__in=ids).delete()
    receipt = Withdrawal.objects.create(
        user_id=user_id,
        cause=cause,
        pairs_removed=len(ids),
        items_removed=items,
        rooms=sorted(map(name_room, rooms)),
        snapshots=[snapshot.digest for snapshot in snapshots],
        adapters=[adapter.name for adapter in adapters],
    )
    if adapters:
        ring("training.tasks.retrain_clean", str(receipt.pk))
    return receipt


def _strip_evaluations(rooms: Iterable[UUID]) -> None:
    for evaluation in list_evaluations_showing(rooms):
        _strip_evaluation(evaluation)


def _taint_snapshots(rooms: Iterable[UUID]) -> list[Snapshot]:
    holding = SnapshotPair.objects.filter(pair__counsel__in=rooms).values("snapshot_id")
    snapshots = list(Snapshot.objects.select_for_update(of=("self",)).filter(pk__in=holding).order_by("digest"))
    for snapshot in snapshots:
        snapshot.state = SnapshotState.TAINTED
        snapshot.dt_tainted = snapshot.dt_tainted or timezone.now()
        snapshot.save(update_fields=["state", "dt_tainted"])
        transaction.on_commit(partial(delete_folder, get_snapshot_folder(snapshot.digest)))
    return snapshots


def _taint_adapters(snapshots: list[Snapshot]) -> list[Adapter]:
    """Those trained from the snapshots, and those trained on from them, however far down.

    Each is tainted, and so locked, before its children are looked for: whoever stores a child locks its parent first.
    """
    runs = list(TrainingRun.objects.filter(snapshot__in=snapshots))
    known: set[UUID] = set()
    adapters: dict[UUID, Adapter] = {}
    while runs:
        known |= {run.pk for run in runs}
        for run in runs:
            _forget_run(run)
        # All of them before a release of one is touched: a rollback holds its adapter, then asks for the release.
        in_reach = Adapter.objects.filter(run__in=runs).order_by("pk")
        found = list(in_reach.select_for_update(of=("self",), no_key=True))
        for adapter in found:
            taint_adapter(adapter, reason="withdrawal")
            transaction.on_commit(partial(forget_answers, adapter))
        adapters |= {adapter.pk: adapter for adapter in found}
        runs = list(TrainingRun.objects.filter(parent__in=found).exclude(pk__in=known))
    return sorted(adapters.values(), key=lambda adapter: adapter.name)


def _forget_run(run: TrainingRun) -> None:
    """A run that has not ended is called off; copies of the data and sampled texts go."""
    TrainingRun.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.CANCELLED, dt_finished=timezone.now(), error_code="snapshot_tainted"
    )
    TrainingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(dt_cancel_requested=timezone.now())
    transaction.on_commit(partial(delete_folder, Path(settings.MARY_RUNS_FOLDER) / str(run.pk)))
    for evaluation in Evaluation.objects.filter(run=run):
        _strip_evaluation(evaluation)


def _strip_evaluation(evaluation: Evaluation) -> None:
    """Figures, verdict and votes stay; what anybody said goes. A gate that still runs begins anew without it."""
    # Its own row first: whoever stores a report locks that one, then the cases.
    locked = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    Evaluation.objects.filter(pk=locked.pk).update(report=strip_texts(locked.report))
    ArenaCase.objects.filter(evaluation=locked).update(turns=[], candidate_reply="", live_reply="")
    # Whoever runs it holds the attempt of a running row, and can store nothing any more.
    Evaluation.objects.filter(pk=evaluation.pk, state=EvaluationState.RUNNING).update(state=EvaluationState.QUEUED)
    transaction.on_commit(partial(delete_folder, Path(settings.MARY_RUNS_FOLDER) / f"{GATE_PREFIX}{evaluation.pk}"))


def strip_texts(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report's figures and verdict, without what anybody said; of safety cases, which rules were broken."""
    stripped = {name: value for name, value in report.items() if name not in ("worst", "samples")}
    if "safety" in stripped:
        broken = [{**case, "candidate": "", "live": ""} for case in stripped["safety"].get("broken", [])]
        stripped["safety"] = {**stripped["safety"], "broken": broken}
    return stripped
