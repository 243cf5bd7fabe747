"""Ask for another answer to the same message. The earlier answers stay as siblings."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from chat.errors import ChatError
from chat.models import Dialog, Reply
from chat.nudges import notify_workers, nudge_room
from chat.replies import limits
from chat.rooms.lock import bump_version, lock_counsel


@transaction.atomic
def regenerate_reply(user_id: UUID, dialog_id: UUID, client_msg_id: UUID) -> Dialog:
    """Queue one more reply for the dialog; idempotent by `client_msg_id`.

    Raises ChatError: not_found, consent_required, room_ended, room_busy, too_many_siblings, too_frequent,
    too_many_queued, queue_full.
    """
    counsel_id = Dialog.objects.filter(pk=dialog_id, user_id=user_id).values_list("counsel_id", flat=True).first()
    if counsel_id is None:
        raise ChatError("not_found")
    counsel = lock_counsel(user_id, counsel_id)
    dialog = Dialog.objects.get(pk=dialog_id)
    if not dialog.u_message:
        raise ChatError("not_found")
    if Reply.objects.filter(dialog=dialog, client_msg_id=client_msg_id).exists():
        return dialog
    limits.check_may_chat(user_id)
    limits.check_load(counsel)
    limits.check_siblings(dialog)
    last = Reply.objects.filter(dialog=dialog).aggregate(Max("number"))["number__max"] or 0
    reply = Reply.objects.create(dialog=dialog, number=last + 1, client_msg_id=client_msg_id)
    dialog.version = bump_version(counsel, is_activity=True)
    dialog.save(update_fields=["version"])
    notify_workers("queued", reply.pk)
    nudge_room(user_id, counsel_id)
    return dialog
