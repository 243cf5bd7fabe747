"""Delete a room with every word in it. There is no way back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from chat.derived import forget_words
from chat.models import Reply
from chat.nudges import nudge_room
from chat.rooms.forget import forget_replies
from chat.rooms.lock import lock_counsel


@transaction.atomic
def delete_counsel(user_id: UUID, counsel_id: UUID) -> None:
    """Raises ChatError not_found."""
    counsel = lock_counsel(user_id, counsel_id)
    forget_words(user_id, counsel_id)
    forget_replies(Reply.objects.filter(dialog__counsel=counsel))
    nudge_room(user_id, counsel_id)
    counsel.delete()
