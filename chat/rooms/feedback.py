"""A thumb on a reply, with reasons and a word of one's own; given, changed or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from chat.errors import ChatError
from chat.models import Dialog, Feedback
from chat.nudges import nudge_room
from chat.rooms.lock import bump_version, lock_counsel


@transaction.atomic
def give_feedback(user_id: UUID, reply_id: UUID, value: str, reasons: Sequence[str], comment: str) -> Feedback:
    """One feedback per reply; a second one replaces the first. Raises ChatError not_found."""
    dialog = _lock_dialog_of(user_id, reply_id)
    feedback, _ = Feedback.objects.update_or_create(
        user_id=user_id,
        reply_id=reply_id,
        defaults={"value": value, "reasons": list(reasons), "comment": comment},
    )
    _announce(dialog)
    return feedback


@transaction.atomic
def withdraw_feedback(user_id: UUID, reply_id: UUID) -> None:
    """Idempotent. Raises ChatError not_found for a reply that is not the user's."""
    dialog = _lock_dialog_of(user_id, reply_id)
    gone, _ = Feedback.objects.filter(user_id=user_id, reply_id=reply_id).delete()
    if gone:
        _announce(dialog)


def _lock_dialog_of(user_id: UUID, reply_id: UUID) -> Dialog:
    dialog = Dialog.objects.filter(replies=reply_id, user_id=user_id).first()
    if dialog is None:
        raise ChatError("not_found")
    dialog.counsel = lock_counsel(user_id, dialog.counsel_id)
    return dialog


def _announce(dialog: Dialog) -> None:
    """The other tabs show the thumb too: the dialog is new to whoever holds the room's earlier version."""
    dialog.version = bump_version(dialog.counsel)
    dialog.save(update_fields=["version"])
    nudge_room(dialog.user_id, dialog.counsel_id)
