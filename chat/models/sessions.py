"""The `session` table: who is logged in where. Django's own session row, plus the user it belongs to.

The column is what makes "log this person out everywhere" one query, and the cascade what makes erasure complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from chat.accounts.session_store import SessionStore


class Session(AbstractBaseSession):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")

    class Meta:
        db_table = "session"
        verbose_name = _("로그인 세션")
        verbose_name_plural = _("로그인 세션")

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        # The store imports this model.
        from chat.accounts.session_store import SessionStore

        return SessionStore
