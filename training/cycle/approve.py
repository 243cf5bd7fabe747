"""A second person's decision on a snapshot: only what was approved is learned from."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from chat.models import User
from training.cycle.refusals import TrainingRefused
from training.models import Snapshot, SnapshotState


@transaction.atomic
def decide_snapshot(snapshot: Snapshot, by: User, *, is_approved: bool, note: str = "") -> Snapshot:
    """Raises TrainingRefused: own_snapshot, not_waiting. The decision stands once and is not changed."""
    locked = Snapshot.objects.select_for_update(of=("self",)).get(pk=snapshot.pk)
    if locked.state != SnapshotState.BUILT:
        raise TrainingRefused("not_waiting")
    if locked.built_by_id == by.pk:
        raise TrainingRefused("own_snapshot")
    locked.state = SnapshotState.APPROVED if is_approved else SnapshotState.REJECTED
    locked.decided_by = by
    locked.decision_note = note
    locked.dt_decided = timezone.now()
    locked.save(update_fields=["state", "decided_by", "decision_note", "dt_decided"])
    return locked
