"""End a room: it stays readable and takes no more messages."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import LIVE_STATES, Counsel, Reply
from chat.nudges import nudge_room
from chat.replies.stop import request_stop
from chat.rooms.lock import bump_version, lock_counsel


@transaction.atomic
def end_counsel(user_id: UUID, counsel_id: UUID) -> Counsel:
    """Idempotent. A reply that is being written is asked to stop. Raises ChatError not_found."""
    counsel = lock_counsel(user_id, counsel_id)
    if counsel.dt_end is not None:
        return counsel
    # The room's lock is held, so no other reply of it can begin or end meanwhile.
    live = Reply.objects.filter(dialog__counsel=counsel, state__in=LIVE_STATES).values_list("pk", flat=True)
    for reply_id in live:
        request_stop(user_id, reply_id)
    counsel.refresh_from_db()
    counsel.dt_end = timezone.now()
    counsel.save(update_fields=["dt_end"])
    bump_version(counsel)
    nudge_room(user_id, counsel_id)
    return counsel
