"""The `release` table: one decision to serve an adapter, or the bare lm, as a character's voice.

verifying → canary → live → superseded | rolled_back
    |    ↘_________↗ |
    → refused        → rolled_back      (verifying too, when somebody calls it off)
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Final

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.models.adapters import Adapter
from chat.models.characters import Character

LARGEST_CANARY_PERCENT: Final = 50
SHIPPED: Final = "shipped"
"""The reason of a release that nobody decided: its adapter came with the product."""


class ReleaseState(models.TextChoices):
    VERIFYING = "verifying", _("확인 중")
    CANARY = "canary", _("일부 사용자에게")
    LIVE = "live", _("서비스 중")
    SUPERSEDED = "superseded", _("교체됨")
    ROLLED_BACK = "rolled_back", _("되돌림")
    REFUSED = "refused", _("거절됨")


class ReleaseQuerySet(models.QuerySet["Release"]):
    def of(self, character: Character) -> ReleaseQuerySet:
        return self.filter(character=character)

    def open(self) -> ReleaseQuerySet:
        """Those that have not gone live yet and still may."""
        return self.filter(state__in=[ReleaseState.VERIFYING, ReleaseState.CANARY])

    def live(self) -> ReleaseQuerySet:
        return self.filter(state=ReleaseState.LIVE)


class Release(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="release_id")
    character = models.ForeignKey(Character, models.PROTECT, related_name="releases", verbose_name=_("캐릭터"))
    # None: the bare lm.
    adapter = models.ForeignKey(
        Adapter, models.PROTECT, null=True, blank=True, related_name="releases", verbose_name=_("어댑터")
    )
    previous_adapter = models.ForeignKey(
        Adapter, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("앞서 쓰던 어댑터")
    )
    # The release whose place this one takes; rolling back walks along these.
    former = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("상태"), max_length=11, choices=ReleaseState, default=ReleaseState.VERIFYING)
    canary_percent = models.PositiveSmallIntegerField(
        _("일부 사용자 비율"), default=0, validators=[MaxValueValidator(LARGEST_CANARY_PERCENT)]
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("결정한 사람"),
    )
    reason = models.TextField(_("이유"), blank=True)
    dt_decided = models.DateTimeField(_("결정"), default=timezone.now)

    # Set by the workers that verify it, and by the canary's judge.
    figures = models.JSONField(_("수치"), default=dict, blank=True)
    refusal_code = models.CharField(_("거절 코드"), max_length=40, blank=True)
    refusal_detail = models.TextField(_("거절 까닭"), blank=True)
    dt_verified = models.DateTimeField(_("확인"), null=True, blank=True)
    dt_live = models.DateTimeField(_("서비스 시작"), null=True, blank=True)
    dt_ended = models.DateTimeField(_("끝"), null=True, blank=True)

    # Set by whoever rolls it back; without a person it was the canary's judge.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("되돌린 사람"),
    )
    end_reason = models.TextField(_("되돌린 이유"), blank=True)

    objects: ClassVar[ReleaseQuerySet] = ReleaseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "release"
        verbose_name = _("배포")
        verbose_name_plural = _("배포")
        ordering = ("-dt_decided",)
        constraints = (
            models.UniqueConstraint(
                fields=["character"],
                name="release_one_open_for_character",
                condition=models.Q(state__in=["verifying", "canary"]),
            ),
            models.UniqueConstraint(
                fields=["character"], name="release_one_live_for_character", condition=models.Q(state="live")
            ),
            models.CheckConstraint(
                name="release_ended_has_end",
                condition=models.Q(state__in=["verifying", "canary", "live"], dt_ended__isnull=True)
                | models.Q(state__in=["superseded", "rolled_back", "refused"], dt_ended__isnull=False),
            ),
            models.CheckConstraint(
                name="release_serves_only_verified",
                condition=~models.Q(state__in=["canary", "live", "superseded"]) | models.Q(dt_verified__isnull=False),
            ),
            models.CheckConstraint(
                name="release_live_has_date",
                condition=models.Q(state__in=["live", "superseded"], dt_live__isnull=False)
                | models.Q(state__in=["verifying", "canary", "refused"], dt_live__isnull=True)
                | models.Q(state="rolled_back"),
            ),
            models.CheckConstraint(
                name="release_canary_has_share",
                condition=models.Q(canary_percent__lte=LARGEST_CANARY_PERCENT)
                & (~models.Q(state="canary") | models.Q(canary_percent__gte=1)),
            ),
            models.CheckConstraint(
                name="release_refused_has_code", condition=models.Q(state="refused") ^ models.Q(refusal_code="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.adapter or '-'} ({self.get_state_display()})"

    @property
    def local_reason(self) -> str:
        return gettext("처음부터 함께 온 어댑터예요.") if self.reason == SHIPPED else self.reason
