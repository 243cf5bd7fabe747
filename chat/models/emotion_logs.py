"""The `emotion_log` table of the ERD: how a room felt, over time."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.counsels import Counsel


class EmotionLog(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="emotion_id")
    counsel = models.ForeignKey(Counsel, models.CASCADE, related_name="emotion_logs")
    counsel_emotion = models.CharField(max_length=30)
    dt_emotion_log = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "emotion_log"
        verbose_name = _("감정 기록")
        verbose_name_plural = _("감정 기록")
        ordering = ("counsel", "dt_emotion_log")

    def __str__(self) -> str:
        return f"{self.counsel_id}: {self.counsel_emotion}"
