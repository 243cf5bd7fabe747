"""The `evaluation` table: a candidate beside the live adapter, with the gate's report and verdict.

queued → running → passed | refused | failed      `failed`: the gate itself broke, which is no pass
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Adapter, Character
from training.models.runs import TrainingRun


class EvaluationState(models.TextChoices):
    QUEUED = "queued", _("기다리는 중")
    RUNNING = "running", _("비교하는 중")
    PASSED = "passed", _("통과")
    REFUSED = "refused", _("거절")
    FAILED = "failed", _("끝내지 못함")


class Evaluation(models.Model):
    State: ClassVar = EvaluationState  # as TrainingRun.State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="evaluation_id")
    run = models.ForeignKey(
        TrainingRun, models.PROTECT, null=True, blank=True, related_name="evaluations", verbose_name=_("학습")
    )
    character = models.ForeignKey(Character, models.PROTECT, related_name="+", verbose_name=_("캐릭터"))
    candidate = models.ForeignKey(Adapter, models.PROTECT, related_name="evaluations", verbose_name=_("후보"))
    live = models.ForeignKey(
        Adapter, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("지금 쓰는 어댑터")
    )
    state = models.CharField(_("상태"), max_length=8, choices=EvaluationState, default=EvaluationState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    dt_heartbeat = models.DateTimeField(null=True, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    report = models.JSONField(_("보고서"), default=dict, blank=True)
    reasons = models.JSONField(_("거절한 까닭"), default=list, blank=True)
    error = models.TextField(_("오류"), blank=True)
    dt_queued = models.DateTimeField(_("신청한 때"), default=timezone.now)
    dt_finished = models.DateTimeField(_("끝난 때"), null=True, blank=True)

    class Meta:
        db_table = "evaluation"
        verbose_name = _("관문 심사")
        verbose_name_plural = _("관문 심사")
        ordering = ("-dt_queued",)
        constraints = (
            models.CheckConstraint(
                name="evaluation_passed_has_report", condition=~models.Q(state="passed") | ~models.Q(report={})
            ),
            models.CheckConstraint(
                name="evaluation_final_has_end",
                condition=models.Q(state__in=["queued", "running"]) | models.Q(dt_finished__isnull=False),
            ),
        )
        permissions = (("promote", _("통과한 어댑터를 내보내고 되돌릴 수 있음")),)

    def __str__(self) -> str:
        return str(self.pk)[:8]
