"""Pick which of the siblings stands as the answer; later prompts read that one."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from chat.errors import ChatError
from chat.models import Dialog, Reply, ReplyState
from chat.nudges import nudge_room
from chat.rooms.lock import bump_version, lock_counsel


@transaction.atomic
def choose_reply(user_id: UUID, reply_id: UUID) -> Dialog:
    """Make this reply the dialog's answer. Raises ChatError: not_found, room_ended, reply_not_choosable."""
    reply = Reply.objects.select_related("dialog").filter(pk=reply_id, dialog__user_id=user_id).first()
    if reply is None:
        raise ChatError("not_found")
    counsel = lock_counsel(user_id, reply.dialog.counsel_id)
    if counsel.dt_end is not None:
        raise ChatError("room_ended")
    reply.refresh_from_db()
    if reply.state not in (ReplyState.DONE, ReplyState.STOPPED) or not reply.text:
        raise ChatError("reply_not_choosable")
    dialog = reply.dialog
    dialog.chosen_reply = reply
    dialog.ai_message = reply.text
    dialog.version = bump_version(counsel)
    dialog.save(update_fields=["chosen_reply", "ai_message", "version"])
    nudge_room(user_id, counsel.pk)
    return dialog
