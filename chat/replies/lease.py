"""Keep, check and give back the leases of one inference worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from chat.models import InferenceWorker, Reply, ReplyState
from chat.nudges import notify_workers
from chat.replies.claim import LEASE


@dataclass(frozen=True, slots=True)
class HeldLease:
    reply_id: UUID
    attempt: int
    is_running: bool  # False: the reply has ended, by this worker or by somebody else
    is_stop_requested: bool


def renew_leases(worker: str, reply_ids: Collection[UUID]) -> list[HeldLease]:
    """Extend the leases of these replies and say which this worker still has; the others are lost to it.

    Only what the worker really writes is renewed: a reply that was claimed in a commit whose answer never arrived
    runs out of its lease like any other that nobody writes.
    """
    mine = Reply.objects.filter(pk__in=reply_ids, worker=worker)
    mine.filter(state=ReplyState.RUNNING).update(dt_lease_until=timezone.now() + LEASE)
    rows = mine.values_list("pk", "attempt", "state", "dt_stop_requested")
    return [HeldLease(pk, attempt, state == ReplyState.RUNNING, stop is not None) for pk, attempt, state, stop in rows]


def release_reply(reply_id: UUID, attempt: int) -> bool:
    """Give a reply back to the queue unfinished (a worker that shuts down); False when the lease was lost."""
    mine = Reply.objects.filter(pk=reply_id, attempt=attempt, state=ReplyState.RUNNING)
    is_released = bool(mine.update(state=ReplyState.QUEUED, dt_lease_until=None, worker=""))
    if is_released:
        notify_workers("queued", reply_id)
    return is_released


def beat_worker(worker: str, *, engine: str, lm: str, slots: int, adapters: list[str]) -> None:
    """Show that this worker is alive, and with what."""
    shown: dict[str, Any] = {
        "engine": engine,
        "lm": lm,
        "slots": slots,
        "adapters": adapters,
        "dt_heartbeat": timezone.now(),
    }
    InferenceWorker.objects.update_or_create(
        name=worker, defaults=shown, create_defaults={**shown, "dt_started": shown["dt_heartbeat"]}
    )


def retire_worker(worker: str) -> None:
    InferenceWorker.objects.filter(name=worker).delete()
