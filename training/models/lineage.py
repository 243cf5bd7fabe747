"""What a person may ask about their own words: who opened them unmasked, and what became of a withdrawal."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Dialog


class RawAccess(models.Model):
    """A member of staff opened an unmasked text. Never edited, never deleted but with its user's account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="raw_access_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="raw_accesses", verbose_name=_("누구의 글")
    )
    dialog = models.ForeignKey(Dialog, models.SET_NULL, null=True, related_name="+", verbose_name=_("대화"))
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("연 사람")
    )
    reason = models.CharField(_("까닭"), max_length=300)
    dt_opened = models.DateTimeField(_("연 때"), default=timezone.now)

    class Meta:
        db_table = "raw_access"
        verbose_name = _("원문 열람")
        verbose_name_plural = _("원문 열람")
        ordering = ("-dt_opened",)

    def __str__(self) -> str:
        return str(self.pk)


class WithdrawalCause(models.TextChoices):
    CONSENT = "consent", _("동의 철회")
    ACCOUNT = "account", _("계정 삭제")
    ROOM = "room", _("대화방 삭제")
    FEEDBACK = "feedback", _("쓰임 철회")


class Withdrawal(models.Model):
    """The receipt of what a withdrawal removed and marked. It outlives the account, without a name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="withdrawal_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="withdrawals", verbose_name=_("사용자")
    )
    cause = models.CharField(_("계기"), max_length=10, choices=WithdrawalCause)
    pairs_removed = models.PositiveIntegerField(_("지운 쌍"), default=0)
    items_removed = models.PositiveIntegerField(_("대기열에서 뺀 답변"), default=0)
    rooms = models.JSONField(default=list)  # as files name them: what must not be imported again
    snapshots = models.JSONField(_("표시한 스냅샷"), default=list)  # digests
    adapters = models.JSONField(_("표시한 어댑터"), default=list)  # name@digest
    dt_withdrawn = models.DateTimeField(_("철회한 때"), default=timezone.now)
    dt_retrained = models.DateTimeField(_("다시 학습한 때"), null=True, blank=True)

    class Meta:
        db_table = "withdrawal"
        verbose_name = _("철회")
        verbose_name_plural = _("철회")
        ordering = ("-dt_withdrawn",)

    def __str__(self) -> str:
        return str(self.pk)
