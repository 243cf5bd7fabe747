"""What a user may have in flight. Each refusal has a code that says what to do next."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from chat.errors import ChatError
from chat.models import LIVE_STATES, REQUIRED_TO_CHAT, Counsel, Dialog, Reply, ReplyState, granted_kinds

PACE_WINDOW = timedelta(seconds=60)


def check_may_chat(user_id: UUID) -> None:
    if not granted_kinds(user_id) >= REQUIRED_TO_CHAT:
        raise ChatError("consent_required")


def check_room_takes_messages(counsel: Counsel) -> None:
    """For a locked room: it has not ended, and no reply in it is still being written."""
    if counsel.dt_end is not None:
        raise ChatError("room_ended")
    if Reply.objects.filter(dialog__counsel=counsel, state__in=LIVE_STATES).exists():
        raise ChatError("room_busy")


def check_user_pace(user_id: UUID) -> None:
    """Counts what was asked of the lm: messages and regenerations alike."""
    since = timezone.now() - PACE_WINDOW
    asked = Reply.objects.filter(dialog__user_id=user_id, dt_queued__gte=since).order_by("dt_queued")
    if asked.count() >= settings.MARY_MESSAGES_PER_MINUTE:
        oldest = asked.values_list("dt_queued", flat=True)[0]
        raise ChatError("too_frequent", retry_after_seconds=max(1.0, (oldest - since).total_seconds()))


def check_siblings(dialog: Dialog) -> None:
    if Reply.objects.filter(dialog=dialog).count() >= settings.MARY_REPLIES_PER_DIALOG:
        raise ChatError("too_many_siblings")


def check_queue(user_id: UUID) -> None:
    live = Reply.objects.filter(state__in=LIVE_STATES)
    if live.filter(dialog__user_id=user_id).count() >= settings.MARY_LIVE_REPLIES_PER_USER:
        raise ChatError("too_many_queued")
    if live.filter(state=ReplyState.QUEUED).count() >= settings.MARY_QUEUED_REPLIES_TOTAL:
        raise ChatError("queue_full", retry_after_seconds=30.0)
