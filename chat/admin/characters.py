"""Characters, edited by staff. What a worker would stumble over is refused here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from chat.models import Character
from chat.models.characters import MINIMUM_GREETINGS

STOP_STRING_CHARACTERS = 30


class CharacterForm(forms.ModelForm):  # type: ignore[type-arg]
    greetings = SimpleArrayField(
        forms.CharField(min_length=2, max_length=300),
        delimiter="\n",
        min_length=MINIMUM_GREETINGS,
        label=_("첫인사"),
        help_text=_("한 줄에 하나씩, 일곱 줄 이상 적어 주세요."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10}),
    )
    stop_strings = forms.JSONField(
        required=False,
        label=_("멈춤 문자열"),
        help_text=_('JSON 목록으로 적어 주세요. 예: ["\\n나:", "\\n\\n"]'),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    class Meta:
        model = Character
        fields = "__all__"  # noqa: DJ007 - staff edit the whole character

    def clean_persona_file(self) -> str:
        name: str = self.cleaned_data["persona_file"]
        if "/" in name or "\\" in name or not (settings.MARY_PROMPTS_FOLDER / name).is_file():
            raise ValidationError(
                _("chat/prompts 아래에 그런 파일이 없어요. 파일 이름을 확인해 주세요."), code="no_file"
            )
        return name

    def clean_portrait(self) -> str:
        path: str = self.cleaned_data["portrait"]
        if finders.find(path) is None:
            raise ValidationError(_("static 폴더에 그런 그림이 없어요. 경로를 확인해 주세요."), code="no_file")
        return path

    def clean_stop_strings(self) -> list[str]:
        strings: Any = self.cleaned_data["stop_strings"] or []
        is_list = isinstance(strings, list) and all(isinstance(item, str) for item in strings)
        if not is_list or not all(0 < len(item) <= STOP_STRING_CHARACTERS for item in strings):
            raise ValidationError(_("1~30자 문자열의 JSON 목록이어야 해요."), code="invalid")
        return list(strings)


@admin.register(Character)
class CharacterAdmin(ModelAdmin):  # type: ignore[misc]
    form = CharacterForm
    list_display = ("character_name", "key", "position", "is_live", "character_model", "adapter")
    list_filter = ("is_live",)
    search_fields = ("key", "character_name", "character_name_en")
    exclude = ("adapter",)
    readonly_fields = ("show_adapter",)

    @admin.display(description=_("어댑터"))
    def show_adapter(self, character: Character) -> SafeString | str:
        """Only a release changes it."""
        if character._state.adding:
            return "–"
        releases = f"{reverse('admin:chat_release_changelist')}?character__id__exact={character.pk}"
        name = character.adapter or gettext("어댑터 없는 바탕 모델")
        return format_html('<a class="underline" href="{}">{}</a>', releases, name)

    def save_model(self, request: HttpRequest, obj: Character, form: CharacterForm, change: bool) -> None:
        """Only what was edited: a form that was opened before a promotion does not undo it."""
        obj.save(update_fields=form.changed_data if change else None)
