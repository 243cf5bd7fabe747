"""The `reply` table: one candidate answer to a dialog, with its state machine and its provenance.

    queued → running → done | stopped | failed
       ↑________|  (the lease ran out: another worker claims it, `attempt` grows)

`attempt` is the fencing token: a worker may write only while the row still carries the attempt it claimed.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.dialogs import Dialog


class ReplyState(models.TextChoices):
    QUEUED = "queued", _("기다리는 중")
    RUNNING = "running", _("쓰는 중")
    DONE = "done", _("완료")
    STOPPED = "stopped", _("멈춤")
    FAILED = "failed", _("실패")


LIVE_STATES = (ReplyState.QUEUED, ReplyState.RUNNING)
FINAL_STATES = (ReplyState.DONE, ReplyState.STOPPED, ReplyState.FAILED)


class Reply(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="reply_id")
    dialog = models.ForeignKey(Dialog, models.CASCADE, related_name="replies", verbose_name=_("대화"))
    number = models.PositiveSmallIntegerField(_("번호"), default=1)
    client_msg_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(_("상태"), max_length=8, choices=ReplyState, default=ReplyState.QUEUED)
    text = models.TextField(blank=True)
    error_code = models.CharField(_("오류 코드"), max_length=40, blank=True)

    # Set by accept and stop (web).
    dt_queued = models.DateTimeField(_("대기 시작"), default=timezone.now)
    dt_stop_requested = models.DateTimeField(_("멈춰 달라고 한 때"), null=True, blank=True)

    # Set by claim and heartbeat (inference worker).
    attempt = models.PositiveSmallIntegerField(_("시도"), default=0)
    worker = models.CharField(_("워커"), max_length=80, blank=True)
    dt_lease_until = models.DateTimeField(_("처리 기한"), null=True, blank=True)
    dt_started = models.DateTimeField(_("쓰기 시작한 때"), null=True, blank=True)

    # Set by finish (inference worker): how this text came to be.
    dt_first_token = models.DateTimeField(_("첫 글자가 나온 때"), null=True, blank=True)
    dt_finished = models.DateTimeField(_("끝난 때"), null=True, blank=True)
    engine = models.CharField(_("엔진"), max_length=30, blank=True)
    lm = models.CharField(_("언어 모델"), max_length=200, blank=True)
    adapter = models.CharField(_("어댑터"), max_length=120, blank=True)
    prompt_version = models.CharField(_("프롬프트 판"), max_length=80, blank=True)
    sampling = models.JSONField(_("샘플링 설정"), default=dict, blank=True)
    prompt_tokens = models.PositiveIntegerField(_("프롬프트 토큰"), null=True, blank=True)
    cached_tokens = models.PositiveIntegerField(_("캐시에서 읽은 토큰"), null=True, blank=True)
    reply_tokens = models.PositiveIntegerField(_("답변 토큰"), null=True, blank=True)
    dropped_turns = models.PositiveIntegerField(_("프롬프트에서 뺀 차례 수"), null=True, blank=True)

    class Meta:
        db_table = "reply"
        verbose_name = _("답변")
        verbose_name_plural = _("답변")
        ordering = ("dialog", "number")
        indexes = (
            models.Index(fields=["-dt_queued"], name="reply_newest"),
            models.Index(fields=["adapter"], name="reply_of_adapter"),
            models.Index(
                fields=["dt_queued"], name="reply_waiting", condition=models.Q(state__in=["queued", "running"])
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["dialog"],
                name="reply_one_live_for_dialog",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.UniqueConstraint(fields=["dialog", "number"], name="reply_number_unique_in_dialog"),
            models.UniqueConstraint(fields=["dialog", "client_msg_id"], name="reply_client_msg_id_unique_in_dialog"),
            models.CheckConstraint(
                name="reply_running_has_lease",
                condition=~models.Q(state="running") | models.Q(dt_lease_until__isnull=False, attempt__gte=1),
            ),
            models.CheckConstraint(
                name="reply_final_has_end",
                condition=models.Q(state__in=["queued", "running"]) | models.Q(dt_finished__isnull=False),
            ),
            models.CheckConstraint(
                name="reply_failed_has_code", condition=~models.Q(state="failed") | ~models.Q(error_code="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.dialog_id}/{self.number}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES
