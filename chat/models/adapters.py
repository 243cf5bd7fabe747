"""The `adapter` table: every LoRA that was ever published, under a name that keeps its meaning for ever."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models.functions import Concat, Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.characters import Character


class AdapterQuerySet(models.QuerySet["Adapter"]):
    def of(self, character: Character) -> AdapterQuerySet:
        return self.filter(character=character)

    def clean(self) -> AdapterQuerySet:
        """Those that may be published."""
        return self.filter(is_tainted=False)


class Adapter(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="adapter_id")
    name = models.CharField(_("이름"), max_length=120, unique=True, help_text=_("이름@다이제스트"))
    character = models.ForeignKey(Character, models.PROTECT, related_name="adapters", verbose_name=_("캐릭터"))
    gguf_sha256 = models.CharField(_("GGUF SHA-256"), max_length=64)
    weights_sha256 = models.CharField(_("가중치 SHA-256"), max_length=64)
    base_sha256 = models.CharField(_("바탕 모델 SHA-256"), max_length=64)
    # Below MARY_PUBLISHED_FOLDER; absolute for what ships with the product.
    folder = models.TextField(_("폴더"))
    manifest = models.JSONField(_("manifest"), default=dict)
    size_bytes = models.PositiveBigIntegerField(_("크기"))
    dt_published = models.DateTimeField(_("등록"), default=timezone.now)

    # Set when something that it learned from was erased.
    is_tainted = models.BooleanField(_("오염"), default=False)
    taint_reason = models.CharField(_("오염 까닭"), max_length=200, blank=True)
    dt_tainted = models.DateTimeField(_("오염된 때"), null=True, blank=True)

    objects: ClassVar[AdapterQuerySet] = AdapterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        db_table = "adapter"
        verbose_name = _("어댑터")
        verbose_name_plural = _("어댑터")
        ordering = ("-dt_published",)
        constraints = (
            models.CheckConstraint(
                name="adapter_name_ends_in_its_digest",
                condition=models.Q(
                    name__endswith=Concat(models.Value("@"), Left("gguf_sha256", 12), output_field=models.CharField())
                ),
            ),
            models.CheckConstraint(
                name="adapter_tainted_has_date", condition=models.Q(is_tainted=True) ^ models.Q(dt_tainted__isnull=True)
            ),
        )
        triggers = (
            pgtrigger.ReadOnly(
                name="adapter_never_changes",
                fields=["name", "character", "gguf_sha256", "weights_sha256", "base_sha256", "manifest", "size_bytes"],
            ),
        )

    def __str__(self) -> str:
        return self.name
