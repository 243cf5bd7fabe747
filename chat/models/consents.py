"""The consent ledger: one row per decision, never edited. The newest row of a kind is what holds."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ConsentKind(models.TextChoices):
    SERVICE = "service", _("서비스 이용")
    SENSITIVE = "sensitive", _("민감정보 처리")
    HUMAN_REVIEW = "human_review", _("상담 전문가의 검토")
    TRAINING = "training", _("모델 학습에 사용")
    OVERSEAS = "overseas", _("국외 이전과 웹 검색")


REQUIRED_TO_CHAT = frozenset({ConsentKind.SERVICE, ConsentKind.SENSITIVE})


class ConsentQuerySet(models.QuerySet["Consent"]):
    def current(self) -> ConsentQuerySet:
        """The newest decision of each user and kind."""
        return self.order_by("user", "kind", "-dt_decided").distinct("user", "kind")

    def granting(self, *kinds: ConsentKind) -> models.QuerySet[Any, Any]:
        """Ids of the active users whose newest decision on each of these kinds is yes, as a subquery."""
        ids = get_user_model().objects.filter(is_active=True)
        for kind in kinds:
            newest = Consent.objects.filter(user=models.OuterRef("pk"), kind=kind).order_by("-dt_decided")
            ids = ids.annotate(**{f"grants_{kind}": models.Subquery(newest.values("is_granted")[:1])})
            ids = ids.filter(**{f"grants_{kind}": True})
        return ids.values("pk")


class Consent(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="consent_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents", verbose_name=_("사용자")
    )
    kind = models.CharField(_("종류"), max_length=16, choices=ConsentKind)
    is_granted = models.BooleanField(_("동의함"))
    text_version = models.CharField(_("동의문 판"), max_length=20)
    text_sha256 = models.CharField(_("동의문 SHA-256"), max_length=64)
    dt_decided = models.DateTimeField(_("정한 때"), default=timezone.now)

    objects: ClassVar[ConsentQuerySet] = ConsentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "consent"
        verbose_name = _("동의")
        verbose_name_plural = _("동의 기록")
        indexes = (models.Index(fields=["user", "kind", "-dt_decided"], name="consent_newest"),)

    def __str__(self) -> str:
        return f"{self.kind}={'yes' if self.is_granted else 'no'}"


def granted_kinds(user_id: uuid.UUID) -> frozenset[str]:
    """The kinds of consent that this user gives at present."""
    newest = Consent.objects.filter(user_id=user_id).current()
    return frozenset(consent.kind for consent in newest if consent.is_granted)
