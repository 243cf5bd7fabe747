"""Which inference workers are alive: one row per process, refreshed with every heartbeat."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ALIVE_FOR = timedelta(seconds=8)
"""Heartbeats come every two seconds; a worker that missed three in a row counts as away."""


class InferenceWorkerQuerySet(models.QuerySet["InferenceWorker"]):
    def alive(self) -> InferenceWorkerQuerySet:
        return self.filter(dt_heartbeat__gte=timezone.now() - ALIVE_FOR)


class InferenceWorker(models.Model):
    name = models.CharField(_("이름"), primary_key=True, max_length=80)
    engine = models.CharField(_("엔진"), max_length=30)
    lm = models.CharField(_("언어 모델"), max_length=200)
    slots = models.PositiveSmallIntegerField(_("동시 처리 수"))
    adapters = ArrayField(models.CharField(max_length=120), default=list, blank=True, verbose_name=_("어댑터"))
    dt_started = models.DateTimeField(_("시작"), default=timezone.now)
    dt_heartbeat = models.DateTimeField(_("마지막 응답"), default=timezone.now)

    objects: ClassVar[InferenceWorkerQuerySet] = InferenceWorkerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "inference_worker"
        verbose_name = _("추론 워커")
        verbose_name_plural = _("추론 워커")

    def __str__(self) -> str:
        return self.name
