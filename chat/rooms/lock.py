"""The lock that every change of a room takes first, and the version it leaves behind."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from chat.errors import ChatError
from chat.models import Counsel


def lock_counsel(user_id: UUID, counsel_id: UUID) -> Counsel:
    """The user's own room, row-locked until the transaction ends; someone else's is not_found."""
    rooms: QuerySet[Counsel] = Counsel.objects.select_for_update().filter(pk=counsel_id, user_id=user_id)
    counsel = rooms.first()
    if counsel is None:
        raise ChatError("not_found")
    return counsel


def bump_version(counsel: Counsel, *, is_activity: bool = False) -> int:
    """Give the locked room its next version and return it; activity also moves the room up the list."""
    counsel.version += 1
    if is_activity:
        counsel.dt_changed = timezone.now()
    counsel.save(update_fields=["version", "dt_changed"] if is_activity else ["version"])
    return counsel.version
