"""What became of a user's words and thumbs, told to that user: looked at, compared, learned from, opened unmasked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q

from chat.models import Adapter, Feedback
from training.models import Pair, RawAccess, ReviewItem, SnapshotPair, Withdrawal


def describe_contributions(user_id: UUID) -> dict[str, Any]:
    """As JSON: dialogs that were reviewed with what was made of them, feedback in numbers, raw readings, receipts."""
    reviewed = list_reviewed(user_id)
    return {
        "reviewed": reviewed,
        "feedback": count_feedback(user_id),
        "raw_accesses": list(
            RawAccess.objects.filter(user_id=user_id).values("dialog_id", "reader__name", "reason", "dt_opened")
        ),
        "withdrawals": list(
            Withdrawal.objects.filter(user_id=user_id).values(
                *("id", "cause", "pairs_removed", "items_removed", "snapshots", "adapters"),
                *("dt_withdrawn", "dt_retrained"),
            )
        ),
    }


def list_reviewed(user_id: UUID) -> list[dict[str, Any]]:
    """One entry a dialog that an expert rated, newest first."""
    memberships = SnapshotPair.objects.select_related("snapshot").prefetch_related("snapshot__runs__adapter")
    pairs = Pair.objects.prefetch_related(Prefetch("snapshots", queryset=memberships))
    items = (
        ReviewItem.objects.filter(user_id=user_id, ratings__dt_withdrawn__isnull=True, ratings__isnull=False)
        .select_related("reply__dialog")
        .prefetch_related(Prefetch("reply__dialog__pairs", queryset=pairs))
        .distinct()
    )
    found: dict[UUID, dict[str, Any]] = {}
    for item in sorted(items, key=lambda one: one.reply.dialog.dt_dialog, reverse=True):
        dialog = item.reply.dialog
        if dialog.pk not in found:
            used = [membership for pair in dialog.pairs.all() for membership in pair.snapshots.all()]
            found[dialog.pk] = {
                "dialog_id": dialog.pk,
                "counsel_id": dialog.counsel_id,
                "dt_dialog": dialog.dt_dialog,
                "message": dialog.u_message,
                "pairs": len(dialog.pairs.all()),
                "snapshots": sorted({membership.snapshot.digest[:12] for membership in used}),
                "adapters": sorted({name for membership in used for name in _list_adapters(membership)}),
            }
    return list(found.values())


def _list_adapters(membership: SnapshotPair) -> list[str]:
    return [run.adapter.name for run in membership.snapshot.runs.all() if run.adapter is not None]


def count_feedback(user_id: UUID) -> dict[str, int]:
    """Thumbs given; of those, on replies that experts looked at; of those, in the data of an adapter."""
    given = Feedback.objects.filter(user_id=user_id)
    reviewed = given.filter(reply__review_item__ratings__dt_withdrawn__isnull=True).filter(
        reply__review_item__ratings__isnull=False
    )
    used = given.filter(reply__dialog__pairs__snapshots__isnull=False)
    return {
        "given": given.count(),
        "reviewed": reviewed.distinct().count(),
        "used": used.distinct().count(),
    }


def list_adapters_of_user(user_id: UUID) -> list[Adapter]:
    """Every adapter that learned from this user's words, those that were withdrawn since included."""
    by_pair = Q(run__snapshot__pairs__pair__user_id=user_id)
    return list(Adapter.objects.filter(by_pair).distinct())
