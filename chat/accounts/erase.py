"""Delete an account and everything in it, in every store. There is no way back."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from chat.derived import forget_words
from chat.models import Counsel, Reply, User
from chat.nudges import nudge_user
from chat.rooms.forget import forget_replies


@transaction.atomic
def erase_account(user: User) -> str:
    """Rows go in one transaction, by cascade; the token logs right after it; open sockets are told to close.

    A worker in the middle of a reply finds its row gone and can store nothing. Returns the address of the receipt for
    what was made of the user's words; empty where nothing was.
    """
    user_id = user.pk
    # Rooms before their user, as sending a message locks them: the other way round the two could wait for each other.
    list(Counsel.objects.select_for_update().filter(user_id=user_id).order_by("pk"))
    if not User.objects.select_for_update().filter(pk=user_id).exists():
        return ""  # another tab was faster
    receipt = forget_words(user_id)
    forget_replies(Reply.objects.filter(dialog__user_id=user_id))
    _blank_admin_log(user)
    nudge_user(user_id, "session")
    user.delete()
    return receipt


def _blank_admin_log(user: User) -> None:
    """What staff did to the account stays on record; whom they did it to no longer has a name."""
    about_user = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    about_user.update(object_repr="")
