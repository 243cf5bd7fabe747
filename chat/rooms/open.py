"""Open a room: the character greets first."""

from __future__ import annotations

import secrets

from django.db import transaction

from chat.models import Character, Counsel, Dialog, User
from chat.replies.limits import check_may_chat


@transaction.atomic
def open_counsel(user: User, character: Character) -> Counsel:
    """A new room with one of the character's greetings as its first turn. Raises ChatError consent_required."""
    check_may_chat(user.pk)
    counsel = Counsel.objects.create(user=user, character=character, version=1)
    Dialog.objects.create(counsel=counsel, user=user, seq=1, version=1, ai_message=secrets.choice(character.greetings))
    return counsel
