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
    since = timezone.now() - PACE_WINDOW
    sent = Dialog.objects.filter(user_id=user_id, dt_dialog__gte=since, client_msg_id__isnull=False).order_by(
        "dt_dialog"
    )
    if sent.count() >= settings.MARY_MESSAGES_PER_MINUTE:
        oldest = sent.values_list("dt_dialog", flat=True)[0]
        raise ChatError("too_frequent", retry_after_seconds=max(1.0, (oldest - since).total_seconds()))


def check_queue(user_id: UUID) -> None:
    live = Reply.objects.filter(state__in=LIVE_STATES)
    if live.filter(dialog__user_id=user_id).count() >= settings.MARY_LIVE_REPLIES_PER_USER:
        raise ChatError("too_many_queued")
    if live.filter(state=ReplyState.QUEUED).count() >= settings.MARY_QUEUED_REPLIES_TOTAL:
        raise ChatError("queue_full", retry_after_seconds=30.0)
