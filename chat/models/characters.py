"""The `character` table: whom one talks to. Binds a persona file, sampling, stop strings and an adapter."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

MINIMUM_GREETINGS = 7


class Character(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="character_id")
    key = models.SlugField(_("키"), unique=True, max_length=30)
    character_name = models.CharField(_("이름"), max_length=30)
    character_name_en = models.CharField(_("영어 이름"), max_length=30)
    character_model = models.CharField(_("언어 모델"), max_length=200)
    introduction = models.CharField(_("소개"), max_length=300)
    introduction_en = models.CharField(_("영어 소개"), max_length=300)
    portrait = models.CharField(_("초상"), max_length=200, help_text=_("static 폴더 아래의 경로"))
    greetings = ArrayField(
        models.CharField(max_length=300, validators=[MinLengthValidator(2)]),
        verbose_name=_("첫인사"),
    )
    persona_file = models.CharField(_("페르소나 파일"), max_length=60, help_text=_("chat/prompts 아래의 파일 이름"))
    closing_phrase = models.CharField(_("맺음말"), max_length=60, blank=True)
    stop_strings = ArrayField(models.CharField(max_length=30), verbose_name=_("멈춤 문자열"), default=list, blank=True)
    temperature = models.FloatField(_("온도"), default=0.7, validators=[MinValueValidator(0.0), MaxValueValidator(2.0)])
    top_k = models.PositiveIntegerField(default=40)
    top_p = models.FloatField(default=0.95, validators=[MinValueValidator(0.01), MaxValueValidator(1.0)])
    min_p = models.FloatField(default=0.05, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    repeat_penalty = models.FloatField(
        _("반복 억제"), default=1.1, validators=[MinValueValidator(0.5), MaxValueValidator(2.0)]
    )
    max_tokens = models.PositiveIntegerField(
        _("가장 긴 답변(토큰)"), default=128, validators=[MinValueValidator(1), MaxValueValidator(1024)]
    )
    adapter = models.CharField(
        _("어댑터"), max_length=120, blank=True, help_text=_("이름@다이제스트, 비우면 기본 모델")
    )
    is_live = models.BooleanField(_("공개"), default=True)
    position = models.PositiveSmallIntegerField(_("순서"), default=0)

    class Meta:
        db_table = "character"
        verbose_name = _("캐릭터")
        verbose_name_plural = _("캐릭터")
        ordering = ("position", "key")
        constraints = (
            models.CheckConstraint(
                name="character_has_enough_greetings",
                condition=models.Q(greetings__len__gte=MINIMUM_GREETINGS),
                violation_error_message=_("첫인사를 일곱 개 이상 적어 주세요."),
            ),
        )

    def __str__(self) -> str:
        return self.character_name

    @property
    def local_name(self) -> str:
        return self.character_name_en if get_language() == "en" else self.character_name

    @property
    def local_introduction(self) -> str:
        return self.introduction_en if get_language() == "en" else self.introduction
