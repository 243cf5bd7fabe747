"""Stop a reply. One that no living worker holds ends at once; one being written is stopped by its worker."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.errors import ChatError
from chat.models import Dialog, Reply, ReplyState
from chat.nudges import notify_workers, nudge_room
from chat.replies.ending import ReplyEnd, end_reply
from chat.rooms.lock import lock_counsel


@transaction.atomic
def request_stop(user_id: UUID, reply_id: UUID) -> None:
    """Idempotent while the reply lives. Raises ChatError: not_found, reply_not_live."""
    counsel_id = Dialog.objects.filter(replies=reply_id, user_id=user_id).values_list("counsel_id", flat=True).first()
    if counsel_id is None:
        raise ChatError("not_found")
    counsel = lock_counsel(user_id, counsel_id)
    reply = Reply.objects.select_for_update().select_related("dialog").get(pk=reply_id)
    if not reply.is_live:
        raise ChatError("reply_not_live")
    is_abandoned = reply.dt_lease_until is not None and reply.dt_lease_until < timezone.now()
    if reply.state == ReplyState.QUEUED or is_abandoned:
        end_reply(counsel, reply, ReplyEnd(ReplyState.STOPPED))
        nudge_room(user_id, counsel_id)
    elif reply.dt_stop_requested is None:
        reply.dt_stop_requested = timezone.now()
        reply.save(update_fields=["dt_stop_requested"])
        notify_workers("stop", reply.pk)
