"""Flow 03 | runs in: web | takes: a user's message | gives: a dialog row and a queued reply row, in one transaction.

Needs PostgreSQL and nothing else: the crisis check and its card work with worker, Valkey and Celery down.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from chat.errors import ChatError
from chat.models import Counsel, Dialog, Reply
from chat.nudges import notify_workers, nudge_room
from chat.replies import limits
from chat.replies.text_limits import MessageRefused, clean_message
from chat.rooms.lock import bump_version, lock_counsel
from chat.understanding.crisis import assess_crisis

RECENT_MESSAGES = 10
"""How many of the user's earlier messages the crisis rules may see as context."""


def accept_message(user_id: UUID, counsel_id: UUID, client_msg_id: UUID, text: str) -> Dialog:
    """Store the message and queue its reply; the same `client_msg_id` again gives the same dialog.

    Raises ChatError: message_*, not_found, consent_required, room_ended, room_busy, client_msg_id_reused,
    too_frequent, too_many_queued, queue_full. Nothing is stored when it raises.
    """
    try:
        message = clean_message(text)
    except MessageRefused as refusal:
        raise ChatError(f"message_{refusal.code}") from refusal
    try:
        with transaction.atomic():
            return _accept_once(user_id, counsel_id, client_msg_id, message)
    except IntegrityError as error:
        # Two tabs sent the same id at once through different rooms; the loser reads what the winner stored.
        repeated = _find_repeated(user_id, counsel_id, client_msg_id, message)
        if repeated is None:
            raise error
        return repeated


def _accept_once(user_id: UUID, counsel_id: UUID, client_msg_id: UUID, message: str) -> Dialog:
    counsel = lock_counsel(user_id, counsel_id)
    repeated = _find_repeated(user_id, counsel_id, client_msg_id, message)
    if repeated is not None:
        return repeated
    limits.check_may_chat(user_id)
    limits.check_load(counsel)
    dialog = _add_dialog(counsel, client_msg_id, message)
    reply = Reply.objects.create(dialog=dialog, number=1)
    notify_workers("queued", reply.pk)
    nudge_room(user_id, counsel_id)
    return dialog


def _find_repeated(user_id: UUID, counsel_id: UUID, client_msg_id: UUID, message: str) -> Dialog | None:
    earlier = Dialog.objects.filter(user_id=user_id, client_msg_id=client_msg_id).first()
    if earlier is not None and (earlier.counsel_id, earlier.u_message) != (counsel_id, message):
        raise ChatError("client_msg_id_reused")
    return earlier


def _add_dialog(counsel: Counsel, client_msg_id: UUID, message: str) -> Dialog:
    newest = list(
        Dialog.objects.filter(counsel=counsel).order_by("-seq").values_list("seq", "u_message")[:RECENT_MESSAGES]
    )
    crisis = assess_crisis(message, recent=[u_message for _, u_message in reversed(newest) if u_message])
    return Dialog.objects.create(
        counsel=counsel,
        user_id=counsel.user_id,
        seq=(newest[0][0] if newest else 0) + 1,
        version=bump_version(counsel, is_activity=True),
        client_msg_id=client_msg_id,
        u_message=message,
        crisis_level=crisis.level,
        crisis_kinds=list(crisis.kinds),
    )
