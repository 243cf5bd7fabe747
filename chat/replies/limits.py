"""What a user may have in flight. Each refusal has a code that says what to do next."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from chat.errors import ChatError
from chat.models import LIVE_STATES, REQUIRED_TO_CHAT, Counsel, Dialog, Reply, ReplyState, granted_kinds

PACE_WINDOW = timedelta(seconds=60)


def check_may_chat(user_id: UUID) -> None:
    if not granted_kinds(user_id) >= REQUIRED_TO_CHAT:
        raise ChatError("consent_required")


def check_load(counsel: Counsel) -> None:
    """For a locked room: may one more reply be asked for?

    Raises ChatError: room_ended, room_busy, too_frequent, too_many_queued, queue_full.
    """
    if counsel.dt_end is not None:
        raise ChatError("room_ended")
    mine = Q(dialog__user_id=counsel.user_id)
    load = Reply.objects.filter(state__in=LIVE_STATES).aggregate(
        in_room=Count("pk", filter=Q(dialog__counsel=counsel)),
        mine=Count("pk", filter=mine),
        queued=Count("pk", filter=Q(state=ReplyState.QUEUED)),
    )
    # What was asked of the lm: messages and regenerations alike.
    since = timezone.now() - PACE_WINDOW
    pace = Reply.objects.filter(mine, dt_queued__gte=since).aggregate(asked=Count("pk"), oldest=Min("dt_queued"))
    if load["in_room"]:
        raise ChatError("room_busy")
    if pace["asked"] >= settings.MARY_MESSAGES_PER_MINUTE:
        raise ChatError("too_frequent", retry_after_seconds=max(1.0, (pace["oldest"] - since).total_seconds()))
    if load["mine"] >= settings.MARY_LIVE_REPLIES_PER_USER:
        raise ChatError("too_many_queued")
    if load["queued"] >= settings.MARY_QUEUED_REPLIES_TOTAL:
        raise ChatError("queue_full", retry_after_seconds=30.0)


def check_siblings(dialog: Dialog) -> None:
    if Reply.objects.filter(dialog=dialog).count() >= settings.MARY_REPLIES_PER_DIALOG:
        raise ChatError("too_many_siblings")
