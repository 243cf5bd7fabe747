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
    """For a locked room: may one more reply be asked for? Everything is counted in one query.

    Raises ChatError: room_ended, room_busy, too_frequent, too_many_queued, queue_full.
    """
    if counsel.dt_end is not None:
        raise ChatError("room_ended")
    since = timezone.now() - PACE_WINDOW
    live, mine = Q(state__in=LIVE_STATES), Q(dialog__user_id=counsel.user_id)
    recent = Q(dt_queued__gte=since)
    # Each half of the filter has an index of its own.
    load = Reply.objects.filter(live | recent).aggregate(
        in_room=Count("pk", filter=live & Q(dialog__counsel=counsel)),
        recent=Count("pk", filter=recent & mine),
        oldest=Min("dt_queued", filter=recent & mine),
        mine=Count("pk", filter=live & mine),
        queued=Count("pk", filter=Q(state=ReplyState.QUEUED)),
    )
    if load["in_room"]:
        raise ChatError("room_busy")
    # What was asked of the lm: messages and regenerations alike.
    if load["recent"] >= settings.MARY_MESSAGES_PER_MINUTE:
        raise ChatError("too_frequent", retry_after_seconds=max(1.0, (load["oldest"] - since).total_seconds()))
    if load["mine"] >= settings.MARY_LIVE_REPLIES_PER_USER:
        raise ChatError("too_many_queued")
    if load["queued"] >= settings.MARY_QUEUED_REPLIES_TOTAL:
        raise ChatError("queue_full", retry_after_seconds=30.0)


def check_siblings(dialog: Dialog) -> None:
    if Reply.objects.filter(dialog=dialog).count() >= settings.MARY_REPLIES_PER_DIALOG:
        raise ChatError("too_many_siblings")
