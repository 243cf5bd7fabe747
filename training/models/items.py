"""The `review_item` table: a reply that waits for experts, why it does and how much it is worth looking at.

    open → done            enough ratings that agree
      └──→ disputed → done  they differ: a reviewer decides
    any → withdrawn        the user wants it used no more: the row stays, so that it never comes back into the queue

Who works on an item holds a lease on it; `review_lease` gives no item to two people by accident.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models import Reply
from training.models.consents import list_users_allowing_review

LEASE_MINUTES: Final = 15
DEFAULT_REVIEWS: Final = 1
MAX_REVIEWS: Final = 9


class ItemState(models.TextChoices):
    OPEN = "open", _("평가 대기")
    DISPUTED = "disputed", _("의견 갈림")
    DONE = "done", _("끝남")
    WITHDRAWN = "withdrawn", _("사용자가 거둠")


class QueueReason(models.TextChoices):
    """Why a reply came into the queue; several can hold at once."""

    THUMBS_DOWN = "thumbs_down", _("사용자가 아쉬워함")
    UNSAFE = "unsafe", _("위험하다고 알림")
    CRISIS = "crisis", _("위기 대화")
    SIBLINGS = "siblings", _("다시 받은 답이 있음")
    REGENERATED = "regenerated", _("다시 써 달라고 함")
    LOW_CONFIDENCE = "low_confidence", _("답이 엉성함")
    CANARY = "canary", _("시험 중인 어댑터")
    GOOD_SAMPLE = "good_sample", _("무작위 표본")


class ReviewItemQuerySet(models.QuerySet["ReviewItem"]):
    def of_consenting_users(self) -> ReviewItemQuerySet:
        """Only replies whose user lets people read along, today."""
        return self.filter(user_id__in=list_users_allowing_review())


class ReviewItem(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="review_item_id")
    reply = models.OneToOneField(Reply, models.CASCADE, related_name="review_item", verbose_name=_("답변"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("사용자"))
    reasons = ArrayField(models.CharField(max_length=20, choices=QueueReason), verbose_name=_("까닭"))
    priority = models.FloatField(_("우선순위"), default=0.0)
    needs_clinical = models.BooleanField(_("임상 검토자만"), default=False)
    needed = models.PositiveSmallIntegerField(
        _("필요한 평가 수"),
        default=DEFAULT_REVIEWS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REVIEWS)],
    )
    state = models.CharField(_("상태"), max_length=9, choices=ItemState, default=ItemState.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("맡은 사람"),
    )
    dt_queued = models.DateTimeField(_("들어온 때"), default=timezone.now)
    dt_done = models.DateTimeField(_("끝난 때"), null=True, blank=True)

    objects: ClassVar[ReviewItemQuerySet] = ReviewItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "review_item"
        verbose_name = _("평가할 답변")
        verbose_name_plural = _("평가할 답변")
        indexes = (
            models.Index(fields=["-priority", "dt_queued"], name="review_item_queue", condition=models.Q(state="open")),
            models.Index(
                fields=["state"], name="review_item_unsettled", condition=models.Q(state__in=["open", "disputed"])
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="review_item_done_has_time", condition=~models.Q(state="done") | models.Q(dt_done__isnull=False)
            ),
        )
        permissions = (
            ("rate", _("답변을 평가할 수 있음")),
            ("adjudicate", _("갈린 의견을 정할 수 있음")),
            ("review_crisis", _("위기 대화를 평가할 수 있음")),
            ("read_raw", _("까닭을 적고 원문을 열 수 있음")),
        )

    def __str__(self) -> str:
        return str(self.pk)


class ReviewLease(models.Model):
    """One person's hold on one item, until it is rated, skipped or runs out."""

    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="leases")
    annotator = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dt_until = models.DateTimeField()
    dt_opened = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "review_lease"

    def __str__(self) -> str:
        return f"{self.annotator_id} → {self.item_id}"

    @staticmethod
    def get_length() -> timedelta:
        return timedelta(minutes=LEASE_MINUTES)


class SkipReason(models.TextChoices):
    UNSURE = "unsure", _("판단하기 어려움")
    NEED_CONTEXT = "need_context", _("앞뒤를 더 알아야 함")
    TOO_HARD = "too_hard", _("읽기 힘든 내용")
    KNOWN_PERSON = "known_person", _("아는 사람 같음")
    IDENTIFIABLE = "identifiable", _("가려지지 않은 개인정보가 있음")
    NOT_KOREAN = "not_korean", _("한국어가 아님")


class ReviewSkip(models.Model):
    """Who skipped an item does not get it again."""

    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="skips")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reason = models.CharField(_("까닭"), max_length=20, choices=SkipReason)
    dt_skipped = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "review_skip"
        constraints = (models.UniqueConstraint(fields=["item", "annotator"], name="review_skip_once"),)

    def __str__(self) -> str:
        return f"{self.annotator_id} ✗ {self.item_id}"
