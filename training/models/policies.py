"""The `retrain_policy` table: when a character's adapter is trained by itself. The clock is django-celery-beat's."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import CrontabSchedule

from chat.models import Character


class RetrainPolicy(models.Model):
    character = models.OneToOneField(Character, models.CASCADE, related_name="+", verbose_name=_("캐릭터"))
    is_enabled = models.BooleanField(_("켜짐"), default=False)
    crontab = models.ForeignKey(CrontabSchedule, models.PROTECT, related_name="+", verbose_name=_("언제"))
    minimum_new_pairs = models.PositiveIntegerField(
        _("새 쌍이 이만큼 모이면"), default=50, validators=[MinValueValidator(1)]
    )
    cooldown_hours = models.PositiveIntegerField(
        _("지난 학습 뒤 쉬는 시간(시간)"), default=20, validators=[MaxValueValidator(24 * 90)]
    )
    preset = models.CharField(_("프리셋"), max_length=40, default="starter-dpo")
    changes = models.JSONField(_("바꿀 설정"), default=dict, blank=True)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("스냅샷을 승인할 사람"),
        help_text=_("비워 두면, 새 스냅샷은 누군가 승인할 때까지 기다려요."),
    )
    # {"code", "figures"} as training.cycle.foresee puts them into words; empty after a start.
    last_refusal = models.JSONField(_("지난번에 시작하지 않은 까닭"), default=dict, blank=True)
    dt_checked = models.DateTimeField(_("지난번 확인"), null=True, blank=True)

    class Meta:
        db_table = "retrain_policy"
        verbose_name = _("재학습 예약")
        verbose_name_plural = _("재학습 예약")

    def __str__(self) -> str:
        return str(self.character)
