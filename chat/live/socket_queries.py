"""What a socket asks the database about itself: who opened it, and may they open this room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.authtoken.models import Token

from chat.errors import ChatError
from chat.live.polls import Credential
from chat.models import Counsel, User

TOKEN_SCHEME = b"token "


def find_credential(scope: dict[str, Any]) -> tuple[Credential, str] | None:
    """Credential and language of whoever opened this socket, by session cookie or by `Authorization: Token …`."""
    user = scope.get("user")
    if isinstance(user, User) or (user is not None and user.is_authenticated):
        stored = User.objects.filter(pk=user.pk, is_active=True).first()
        session_key = scope["session"].session_key
        return (Credential(stored.pk, session_key, None, stored.password), stored.language) if stored else None
    key = _read_token(scope)
    token = Token.objects.select_related("user").filter(key=key, user__is_active=True).first() if key else None
    if token is None:
        return None
    return Credential(token.user.pk, None, token.key, token.user.password), token.user.language


def _read_token(scope: dict[str, Any]) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.lower().startswith(TOKEN_SCHEME):
            return str(value[len(TOKEN_SCHEME) :].strip().decode("latin-1"))
    return None


def get_room_head(user_id: UUID, counsel_id: UUID) -> dict[str, Any]:
    """The user's own room as `room.opened` shows it. Raises ChatError not_found."""
    counsel = Counsel.objects.filter(pk=counsel_id, user_id=user_id).first()
    if counsel is None:
        raise ChatError("not_found")
    return {
        "counsel_id": str(counsel.pk),
        "version": counsel.version,
        "title": counsel.title,
        "is_ended": counsel.dt_end is not None,
    }
