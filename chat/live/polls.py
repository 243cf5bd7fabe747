"""The few queries by which a web process learns what changed, each for all of its sockets at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from rest_framework.authtoken.models import Token

from chat.models import Counsel, Session, User


def list_versions(counsel_ids: Collection[UUID]) -> dict[UUID, int]:
    """Version of each room that still exists."""
    return dict(Counsel.objects.filter(pk__in=counsel_ids).values_list("pk", "version"))


@dataclass(frozen=True, slots=True)
class Credential:
    """What a socket was opened with: a session or an API token, and the password hash of that moment."""

    user_id: UUID
    session_key: str | None
    token_key: str | None
    password: str


def list_dead_credentials(credentials: Collection[Credential]) -> set[Credential]:
    """Those whose session or token is gone, whose user is inactive, or whose password has changed since."""
    passwords = dict(
        User.objects.filter(pk__in={c.user_id for c in credentials}, is_active=True).values_list("pk", "password")
    )
    session_keys = {c.session_key for c in credentials if c.session_key}
    sessions = set(
        Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    tokens = set(Token.objects.filter(key__in={c.token_key for c in credentials}).values_list("key", flat=True))
    return {
        credential
        for credential in credentials
        if passwords.get(credential.user_id) != credential.password
        or not (credential.session_key in sessions or credential.token_key in tokens)
    }
