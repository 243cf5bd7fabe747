"""What became of a user's words and thumbs, told to that user: looked at, compared, learned from, opened unmasked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chat.models import Dialog, Feedback
from training.models import RawAccess, ReviewItem, SnapshotPair, Withdrawal


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
    frozen = SnapshotPair.objects.filter(pair__user_id=user_id).select_related("pair__dialog", "snapshot")
    memberships = list(frozen.prefetch_related("snapshot__runs__adapter"))
    items = (
        ReviewItem.objects.filter(user_id=user_id, ratings__dt_withdrawn__isnull=True, ratings__isnull=False)
        .select_related("reply__dialog")
        .prefetch_related("reply__dialog__pairs")
        .distinct()
    )
    found: dict[UUID, dict[str, Any]] = {}
    for item in sorted(items, key=lambda one: one.reply.dialog.dt_dialog, reverse=True):
        dialog = item.reply.dialog
        if dialog.pk not in found:
            used = [membership for membership in memberships if _holds(membership, dialog)]
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


def _holds(membership: SnapshotPair, dialog: Dialog) -> bool:
    """As what is compared, or as what was said before it."""
    pair = membership.pair
    return pair is not None and pair.counsel_id == dialog.counsel_id and pair.dialog.seq >= dialog.seq


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
