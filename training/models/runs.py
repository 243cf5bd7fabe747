"""The `training_run` table: one run of the trainer, from the wish to its adapter. PostgreSQL says who may run it.

    queued → running → done | failed | cancelled
       ↑________|  (the heartbeat stopped: it is queued again, `attempt` grows)

`attempt` fences off whoever ran it before; a unique index lets at most one row be `running`.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Adapter, Character
from training.models.snapshots import Snapshot


class RunState(models.TextChoices):
    QUEUED = "queued", _("기다리는 중")
    RUNNING = "running", _("학습 중")
    DONE = "done", _("완료")
    FAILED = "failed", _("실패")
    CANCELLED = "cancelled", _("취소됨")


LIVE_RUN_STATES = (RunState.QUEUED, RunState.RUNNING)


class RunTrigger(models.TextChoices):
    HAND = "hand", _("직접")
    SCHEDULE = "schedule", _("예약")
    API = "api", _("API")
    WITHDRAWAL = "withdrawal", _("철회에 따른 재학습")


class TrainingRun(models.Model):
    State: ClassVar = RunState  # claim_run and reconcile hold rows of either table, each by its own states

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="training_run_id")
    # Set when it is asked for.
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="runs", verbose_name=_("스냅샷"))
    character = models.ForeignKey(Character, models.PROTECT, related_name="+", verbose_name=_("캐릭터"))
    parent = models.ForeignKey(
        Adapter, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("출발 어댑터")
    )
    config = models.JSONField(_("설정"), default=dict)
    trigger = models.CharField(_("시작한 방법"), max_length=10, choices=RunTrigger, default=RunTrigger.HAND)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("시작한 사람"),
    )
    dt_queued = models.DateTimeField(_("신청한 때"), default=timezone.now)
    # Set by who calls it off.
    dt_cancel_requested = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("취소한 사람"),
    )
    # Set by who runs it.
    state = models.CharField(_("상태"), max_length=10, choices=RunState, default=RunState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    dt_heartbeat = models.DateTimeField(null=True, blank=True)
    dt_started = models.DateTimeField(_("시작한 때"), null=True, blank=True)
    progress = models.JSONField(default=dict, blank=True)  # phase, done, total, seconds_left and the last figures
    # Set at its end.
    dt_finished = models.DateTimeField(_("끝난 때"), null=True, blank=True)
    error_code = models.CharField(_("오류 코드"), max_length=40, blank=True)
    error = models.TextField(_("오류"), blank=True)
    adapter = models.OneToOneField(
        Adapter, models.PROTECT, null=True, blank=True, related_name="run", verbose_name=_("어댑터")
    )

    class Meta:
        db_table = "training_run"
        verbose_name = _("학습")
        verbose_name_plural = _("학습")
        ordering = ("-dt_queued",)
        constraints = (
            models.UniqueConstraint(fields=["state"], condition=models.Q(state="running"), name="run_one_at_a_time"),
            models.CheckConstraint(
                name="run_running_has_heartbeat",
                condition=~models.Q(state="running") | models.Q(dt_heartbeat__isnull=False, attempt__gte=1),
            ),
            models.CheckConstraint(
                name="run_final_has_end",
                condition=models.Q(state__in=["queued", "running"]) | models.Q(dt_finished__isnull=False),
            ),
            models.CheckConstraint(
                name="run_done_has_adapter", condition=~models.Q(state="done") | models.Q(adapter__isnull=False)
            ),
            models.CheckConstraint(
                name="run_failed_has_code", condition=~models.Q(state="failed") | ~models.Q(error_code="")
            ),
        )
        permissions = (("start_run", _("학습을 시작하고 취소할 수 있음")),)

    def __str__(self) -> str:
        return str(self.pk)[:8]

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_RUN_STATES
