"""The `snapshot` table: pairs frozen for training, named by the digest of their content; nothing in it changes.

built → approved | rejected        by a second person
  └────────┴──→ tainted            somebody in it withdrew: its files are gone, nothing more is made from it
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Character
from training.models.pairs import Pair


class SnapshotState(models.TextChoices):
    BUILT = "built", _("승인 대기")
    APPROVED = "approved", _("승인됨")
    REJECTED = "rejected", _("거절됨")
    TAINTED = "tainted", _("철회된 내용이 있음")


class Snapshot(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="snapshot_id")
    digest = models.CharField(_("다이제스트"), max_length=64, unique=True)
    character = models.ForeignKey(Character, models.PROTECT, related_name="+", verbose_name=_("캐릭터"))
    previous = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("상태"), max_length=8, choices=SnapshotState, default=SnapshotState.BUILT)
    counts = models.JSONField(_("개수"), default=dict)
    composition = models.JSONField(_("구성"), default=dict)
    difference = models.JSONField(_("앞 판과의 차이"), default=dict)
    built_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("만든 사람"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("승인한 사람"),
    )
    decision_note = models.TextField(_("승인 메모"), blank=True)
    dt_built = models.DateTimeField(_("만든 때"), default=timezone.now)
    dt_decided = models.DateTimeField(_("승인한 때"), null=True, blank=True)
    dt_tainted = models.DateTimeField(_("철회된 때"), null=True, blank=True)

    class Meta:
        db_table = "snapshot"
        verbose_name = _("스냅샷")
        verbose_name_plural = _("스냅샷")
        ordering = ("-dt_built",)
        constraints = (
            models.CheckConstraint(
                name="snapshot_decided_by_another",
                condition=models.Q(decided_by__isnull=True)
                | models.Q(built_by__isnull=True)
                | ~models.Q(decided_by=models.F("built_by")),
            ),
            models.CheckConstraint(
                name="snapshot_decision_has_time",
                condition=~models.Q(state__in=["approved", "rejected"]) | models.Q(dt_decided__isnull=False),
            ),
            models.CheckConstraint(
                name="snapshot_tainted_has_time",
                condition=~models.Q(state="tainted") | models.Q(dt_tainted__isnull=False),
            ),
        )
        permissions = (("approve_snapshot", _("스냅샷을 승인할 수 있음")),)

    def __str__(self) -> str:
        return self.digest[:12]


class SnapshotPair(models.Model):
    """Which pair is in which snapshot. An erased pair leaves its digest here, and no text."""

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="pairs")
    pair = models.ForeignKey(Pair, models.SET_NULL, null=True, related_name="snapshots")
    pair_key = models.CharField(max_length=64)
    is_heldout = models.BooleanField(default=False)

    class Meta:
        db_table = "snapshot_pair"
        constraints = (models.UniqueConstraint(fields=["snapshot", "pair_key"], name="snapshot_pair_once"),)

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.pair_key[:12]}"
