"""The `counsel` table: a room of one user with one character.

`version` grows by one in the transaction of every change inside the room; a client that holds version V is
complete once it has every dialog whose version is above V.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.characters import Character


class CounselQuerySet(models.QuerySet["Counsel"]):
    def owned_by(self, user_id: uuid.UUID) -> CounselQuerySet:
        return self.filter(user_id=user_id)

    def search(self, words: str) -> CounselQuerySet:
        """Rooms whose title, character or any turn contains the words."""
        return self.filter(
            models.Q(title__icontains=words)
            | models.Q(character__character_name__icontains=words)
            | models.Q(character__character_name_en__icontains=words)
            | models.Q(dialogs__u_message__icontains=words)
            | models.Q(dialogs__ai_message__icontains=words)
        ).distinct()


class Counsel(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="counsel_id")
    character = models.ForeignKey(Character, models.PROTECT, related_name="counsels", verbose_name=_("캐릭터"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="counsels", verbose_name=_("사용자")
    )
    title = models.CharField(_("제목"), max_length=60, blank=True)
    dt_start = models.DateTimeField(_("시작"), default=timezone.now)
    dt_end = models.DateTimeField(_("끝"), null=True, blank=True)
    dt_changed = models.DateTimeField(_("마지막 대화"), default=timezone.now)
    version = models.BigIntegerField(_("판"), default=1)

    objects: ClassVar[CounselQuerySet] = CounselQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "counsel"
        verbose_name = _("상담방")
        verbose_name_plural = _("상담방")
        indexes = (models.Index(fields=["user", "-dt_changed", "id"], name="counsel_of_user"),)
        constraints = (
            models.CheckConstraint(
                name="counsel_ends_after_it_starts",
                condition=models.Q(dt_end__isnull=True) | models.Q(dt_end__gte=models.F("dt_start")),
            ),
        )

    def __str__(self) -> str:
        """Never the title: its owner wrote it, and admin pages and logs show this."""
        return str(self.pk)
