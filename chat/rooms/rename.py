"""Give a room a title of one's own; an empty one takes it away."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from chat.models import Counsel
from chat.nudges import nudge_room
from chat.rooms.lock import bump_version, lock_counsel


@transaction.atomic
def rename_counsel(user_id: UUID, counsel_id: UUID, title: str) -> Counsel:
    """The title is clean already (serializer or form). Raises ChatError not_found. Ended rooms may be renamed."""
    counsel = lock_counsel(user_id, counsel_id)
    counsel.title = title
    counsel.save(update_fields=["title"])
    bump_version(counsel)
    nudge_room(user_id, counsel_id)
    return counsel
