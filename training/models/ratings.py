"""The `rating` table: what one expert did with one reply. It stores acts; pairs are derived from them later.

The form is MyMary's (reference systems, F-49): ten items with their scales. A missing item was not judged.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.models import Reply
from training.models.items import ReviewItem

LOWEST_OVERALL: Final = 1
HIGHEST_OVERALL: Final = 10
MAX_CORRECTION_CHARACTERS: Final = 1000
MAX_COMMENT_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Scale:
    """One item of the form: whole numbers from `low` to `high`."""

    key: str
    name: Promise
    low: int
    high: int
    question: Promise


SCALES: Final = (
    Scale("natural", _("자연스러움"), 1, 5, _("사람이 한 말처럼 자연스러운가요?")),
    Scale("interesting", _("흥미로움"), 1, 5, _("이야기를 더 나누고 싶어지나요?")),
    Scale("has_empathy", _("공감 여부"), 0, 1, _("공감하는 말이 있나요?")),
    Scale("reads_feeling", _("감정 알아차림"), 1, 5, _("어떤 마음인지 제대로 알아차렸나요?")),
    Scale("responds_to_feeling", _("감정 반응"), 1, 5, _("그 마음에 알맞게 반응했나요?")),
    Scale("uses_message", _("내용 반영"), 0, 1, _("사용자가 한 말을 담았나요?")),
    Scale("keeps_context", _("맥락 유지"), 1, 5, _("앞 이야기와 이어지나요?")),
    Scale("invites", _("대화 이끌기"), 0, 1, _("이야기를 이어 가게 하나요?")),
    Scale("question_fits", _("질문 적절성"), 1, 5, _("건넨 질문이 알맞나요?")),
    Scale("overall", _("종합"), LOWEST_OVERALL, HIGHEST_OVERALL, _("전체로 보면 몇 점인가요?")),
)
"""The ten of F-49, in the order of the form. `overall` has a column of its own; the others stand in `scores`."""


class RatingReason(models.TextChoices):
    """What is wrong or right, stored as keys. Some have consequences: `crisis_missed` stops a canary."""

    COLD = "cold", _("공감이 없음")
    MISREAD = "misread", _("말을 잘못 알아들음")
    ADVICE_TOO_SOON = "advice_too_soon", _("섣부른 조언")
    JUDGING = "judging", _("평가하거나 훈계함")
    FLATTERING = "flattering", _("무조건 맞장구침")
    REPETITIVE = "repetitive", _("되풀이함")
    AWKWARD = "awkward", _("한국어가 어색함")
    REGISTER = "register", _("말투가 캐릭터와 다름")
    TOO_LONG = "too_long", _("너무 김")
    UNTRUE = "untrue", _("사실이 아님")
    UNSAFE = "unsafe", _("위험함")
    CRISIS_MISSED = "crisis_missed", _("위기를 놓침")
    GOOD_EMPATHY = "good_empathy", _("마음을 잘 알아줌")
    GOOD_QUESTION = "good_question", _("좋은 질문")


class RatingQuerySet(models.QuerySet["Rating"]):
    def standing(self) -> RatingQuerySet:
        """Those that were not taken back."""
        return self.filter(dt_withdrawn__isnull=True)


class Rating(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="rating_id")
    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="ratings")
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="ratings", verbose_name=_("평가자")
    )
    # What the expert did.
    overall = models.PositiveSmallIntegerField(_("종합"), null=True, blank=True)
    scores = models.JSONField(_("항목별 점수"), default=dict, blank=True)
    reasons = ArrayField(
        models.CharField(max_length=20, choices=RatingReason), default=list, blank=True, verbose_name=_("까닭")
    )
    correction = models.TextField(_("고친 답"), max_length=MAX_CORRECTION_CHARACTERS, blank=True)
    preferred_reply = models.ForeignKey(
        Reply, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("더 나은 답")
    )
    is_both_bad = models.BooleanField(_("모두 나쁨"), default=False)
    comment = models.TextField(_("메모"), max_length=MAX_COMMENT_CHARACTERS, blank=True)
    is_authoritative = models.BooleanField(_("최종 판단"), default=False)
    is_clinical = models.BooleanField(_("임상 검토자의 평가"), default=False)
    # How it came to be.
    shown_reply_ids = ArrayField(models.UUIDField(), default=list, blank=True)  # side by side, the judged one included
    seconds = models.PositiveIntegerField(_("걸린 초"), default=0)
    version = models.PositiveIntegerField(default=1)
    dt_rated = models.DateTimeField(_("평가한 때"), default=timezone.now)
    dt_withdrawn = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RatingQuerySet] = RatingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "rating"
        verbose_name = _("평가")
        verbose_name_plural = _("평가")
        ordering = ("-dt_rated",)
        indexes = (
            models.Index(fields=["annotator", "-dt_rated"], name="rating_of_annotator"),
            models.Index(fields=["-dt_rated"], name="rating_newest"),
            models.Index(
                fields=["dt_withdrawn"], name="rating_withdrawn", condition=models.Q(dt_withdrawn__isnull=False)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["item", "annotator"], name="rating_once_per_annotator"),
            models.UniqueConstraint(
                fields=["item"],
                condition=models.Q(is_authoritative=True, dt_withdrawn__isnull=True),
                name="rating_one_authoritative",
            ),
            models.CheckConstraint(
                name="rating_overall_in_scale",
                condition=models.Q(overall__isnull=True) | models.Q(overall__gte=1, overall__lte=10),
            ),
            models.CheckConstraint(
                name="rating_says_something",
                condition=models.Q(overall__isnull=False)
                | ~models.Q(correction="")
                | models.Q(preferred_reply__isnull=False)
                | models.Q(is_both_bad=True)
                | models.Q(dt_withdrawn__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def figures(self) -> dict[str, Any]:
        """All ten by key, as far as they were judged."""
        return {**self.scores, "overall": self.overall}
