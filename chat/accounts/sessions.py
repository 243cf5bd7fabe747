"""End what somebody is logged in with: browser sessions, API tokens, and, through a nudge, open sockets."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest
from rest_framework.authtoken.models import Token

from chat.models import Session
from chat.nudges import nudge_user


@transaction.atomic
def end_sessions(user_id: UUID, *, keep_session_key: str | None = None) -> None:
    """Log this user out everywhere, programs included; one session may stay. Idempotent."""
    Session.objects.filter(user_id=user_id).exclude(session_key=keep_session_key).delete()
    Token.objects.filter(user_id=user_id).delete()
    nudge_user(user_id, "session")


def log_out(request: HttpRequest) -> None:
    """End this browser's session only. The nudge leaves after the session is gone, so no socket finds it alive."""
    user_id = request.user.pk
    logout(request)
    if user_id is not None:
        nudge_user(user_id, "session")
