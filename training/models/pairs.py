"""The `pair` table: two answers to one message, one better by experts' acts. Derived from ratings, never typed in.

All texts are pseudonymised. `key` is the digest of what the pair says, so that deriving it again changes nothing.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Character, Counsel, Dialog
from training.models.consents import list_users_allowing_training
from training.models.ratings import Rating


class PairKind(models.TextChoices):
    CORRECTION = "correction", _("고쳐 쓴 답")
    CHOICE = "choice", _("나란히 놓고 고른 답")
    MARGIN = "margin", _("점수 차이")


class PairState(models.TextChoices):
    ACTIVE = "active", _("쓸 수 있음")
    EXCLUDED = "excluded", _("빠짐")


class PairExclusion(models.TextChoices):
    """Why a pair stays out of every snapshot; shown beside it."""

    LOW_AGREEMENT = "low_agreement", _("평가자 의견이 갈림")
    CRISIS_TURN = "crisis_turn", _("위기 대화: 임상 검토자의 평가가 없음")
    PLACEHOLDER = "placeholder", _("답에 가려진 이름이 들어 있음")
    UNLEARNABLE = "unlearnable", _("학습 형식에 맞지 않음")
    SUPERSEDED = "superseded", _("평가가 바뀜")


class PairQuerySet(models.QuerySet["Pair"]):
    def usable(self) -> PairQuerySet:
        """Active ones of users who, today, let people read along and let the model learn."""
        return self.filter(state=PairState.ACTIVE, user_id__in=list_users_allowing_training())


class Pair(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="pair_id")
    key = models.CharField(_("다이제스트"), max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    counsel = models.ForeignKey(Counsel, models.CASCADE, related_name="+", verbose_name=_("상담방"))
    dialog = models.ForeignKey(Dialog, models.CASCADE, related_name="pairs", verbose_name=_("대화"))
    character = models.ForeignKey(Character, models.PROTECT, related_name="+", verbose_name=_("캐릭터"))
    kind = models.CharField(_("종류"), max_length=10, choices=PairKind)
    chosen = models.TextField(_("나은 답"))
    rejected = models.TextField(_("못한 답"))
    agreement = models.FloatField(_("일치도"), default=1.0)
    state = models.CharField(_("상태"), max_length=8, choices=PairState, default=PairState.ACTIVE)
    exclusion = models.CharField(_("빠진 까닭"), max_length=20, choices=PairExclusion, blank=True)
    ratings = models.ManyToManyField(Rating, related_name="pairs", db_table="pair_rating")
    dt_derived = models.DateTimeField(_("만들어진 때"), default=timezone.now)

    objects: ClassVar[PairQuerySet] = PairQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "pair"
        verbose_name = _("선호 쌍")
        verbose_name_plural = _("선호 쌍")
        indexes = (
            models.Index(fields=["character", "counsel", "key"], name="pair_of_character"),
            models.Index(fields=["dialog"], name="pair_of_dialog"),
        )
        constraints = (
            models.CheckConstraint(name="pair_answers_differ", condition=~models.Q(chosen=models.F("rejected"))),
            models.CheckConstraint(
                name="pair_excluded_says_why",
                condition=models.Q(state="active", exclusion="")
                | (models.Q(state="excluded") & ~models.Q(exclusion="")),
            ),
            models.CheckConstraint(
                name="pair_agreement_is_a_share", condition=models.Q(agreement__gte=0, agreement__lte=1)
            ),
        )

    def __str__(self) -> str:
        return self.key[:12]
