"""Adapters: which one speaks for whom, where each comes from, what became of it. Tainted ones are marked."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.admin.releases import describe_voices, may_see_serving
from chat.admin.row_page import RowPageAdmin, locate_lineage
from chat.models import Adapter, Character

SHOWN_OF_MANIFEST: Final = ("base", "preset", "method", "steps", "conversations", "seed")


@admin.register(Adapter)
class AdapterAdmin(RowPageAdmin):
    row_template = "admin/adapter.html"
    list_display = ("name", "character", "show_standing", "show_size", "dt_published")
    list_filter = ("character", "is_tainted")
    list_select_related = ("character",)
    search_fields = ("name",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_serving(request)

    def has_view_permission(self, request: HttpRequest, obj: Adapter | None = None) -> bool:
        return may_see_serving(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        top = {"list_top": "admin/voices.html", "voices": describe_voices(request)}
        return super().changelist_view(request, {**top, **(extra_context or {})})

    @display(description=_("상태"), label={"tainted": "danger", "live": "success", "rest": "default"})  # type: ignore[untyped-decorator]
    def show_standing(self, adapter: Adapter) -> tuple[str, Any]:
        if adapter.is_tainted:
            return "tainted", _("오염")
        return ("live", _("서비스 중")) if adapter.character.adapter == adapter.name else ("rest", _("쉬는 중"))

    @admin.display(description=_("크기"), ordering="size_bytes")
    def show_size(self, adapter: Adapter) -> str:
        return f"{adapter.size_bytes / 2**20:.1f} MiB"

    def describe(self, request: HttpRequest, row: Adapter) -> dict[str, Any]:
        settings_of_run: dict[str, Any] = row.manifest.get("config") or {}
        made = {**settings_of_run, **row.manifest}
        return {
            "is_live": Character.objects.filter(pk=row.character_id, adapter=row.name).exists(),
            "releases": row.releases.select_related("decided_by", "ended_by"),
            "made": [(name, made[name]) for name in SHOWN_OF_MANIFEST if made.get(name) not in (None, "")],
            "manifest": json.dumps(row.manifest, ensure_ascii=False, indent=2),
            "size": self.show_size(row),
            "lineage": locate_lineage("adapter", row.pk),
        }
