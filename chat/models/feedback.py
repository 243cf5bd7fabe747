"""A user's thumb on a reply. It only routes the reply to review; it never becomes training data by itself."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.replies import Reply


class FeedbackReason(models.TextChoices):
    """Stored as keys, translated where they are shown."""

    WARM = "warm", _("마음이 놓였어요")
    UNDERSTOOD = "understood", _("내 얘기를 알아들었어요")
    GOOD_QUESTION = "good_question", _("좋은 질문이었어요")
    HELPFUL = "helpful", _("도움이 됐어요")
    COLD = "cold", _("차갑게 느껴졌어요")
    MISUNDERSTOOD = "misunderstood", _("엉뚱한 대답이에요")
    REPETITIVE = "repetitive", _("같은 말을 되풀이해요")
    AWKWARD_KOREAN = "awkward_korean", _("말이 어색해요")
    UNSAFE = "unsafe", _("위험하거나 상처가 돼요")
    UNTRUE = "untrue", _("사실이 아니에요")


class Feedback(models.Model):
    class Value(models.TextChoices):
        UP = "up", _("좋아요")
        DOWN = "down", _("아쉬워요")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="feedback_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="feedback", verbose_name=_("사용자")
    )
    reply = models.ForeignKey(Reply, models.CASCADE, related_name="feedback", verbose_name=_("답변"))
    value = models.CharField(_("반응"), max_length=4, choices=Value)
    reasons = ArrayField(
        models.CharField(max_length=20, choices=FeedbackReason), default=list, blank=True, verbose_name=_("까닭")
    )
    comment = models.TextField(_("의견"), max_length=1000, blank=True)
    dt_feedback = models.DateTimeField(_("남긴 때"), auto_now=True)

    class Meta:
        db_table = "feedback"
        verbose_name = _("사용자 반응")
        verbose_name_plural = _("사용자 반응")
        indexes = (models.Index(fields=["-dt_feedback"], name="feedback_newest"),)
        constraints = (models.UniqueConstraint(fields=["user", "reply"], name="feedback_once_per_reply"),)

    def __str__(self) -> str:
        return f"{self.reply_id}: {self.value}"
