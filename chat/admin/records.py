"""Rooms, turns, replies and workers, for operating the service: never a title, a message or a reply's text."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.admin.read_only import ReadOnlyAdmin
from chat.admin.row_page import locate_lineage
from chat.models import Counsel, Dialog, InferenceWorker, Reply


def link_lineage(kind: str, row_id: UUID) -> SafeString:
    return format_html('<a class="underline" href="{}">{}</a>', locate_lineage(kind, row_id), gettext("보기"))


@admin.register(Counsel)
class CounselAdmin(ReadOnlyAdmin):
    fields = ("id", "show_user", "character", "version", "dt_start", "dt_changed", "dt_end")
    readonly_fields = ("show_user",)
    list_display = ("id", "character", "version", "dt_start", "dt_changed", "dt_end")
    list_filter = ("character", "dt_end")
    list_select_related = ("character",)
    search_fields = ("=id",)
    ordering = ("-dt_changed",)

    @admin.display(description=_("사용자"))
    def show_user(self, counsel: Counsel) -> UUID:
        return counsel.user_id


@admin.register(Dialog)
class DialogAdmin(ReadOnlyAdmin):
    fields = ("id", "show_counsel", "seq", "version", "dt_dialog", "show_chosen", "show_lineage")
    readonly_fields = ("show_counsel", "show_chosen", "show_lineage")
    list_display = ("id", "show_counsel", "seq", "dt_dialog", "show_lineage")
    search_fields = ("=id", "=counsel__id")
    ordering = ("-dt_dialog",)

    @admin.display(description=_("상담방"))
    def show_counsel(self, dialog: Dialog) -> UUID:
        return dialog.counsel_id

    @admin.display(description=_("고른 답변"))
    def show_chosen(self, dialog: Dialog) -> UUID | None:
        return dialog.chosen_reply_id

    @admin.display(description=_("계보"))
    def show_lineage(self, dialog: Dialog) -> SafeString:
        return link_lineage("dialog", dialog.pk)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    fields = (
        *("id", "show_dialog", "number", "state", "error_code", "attempt", "worker"),
        *("dt_queued", "dt_stop_requested", "dt_started", "dt_first_token", "dt_finished", "dt_lease_until"),
        *("engine", "lm", "adapter", "prompt_version", "sampling"),
        *("prompt_tokens", "cached_tokens", "reply_tokens", "dropped_turns", "show_lineage"),
    )
    readonly_fields = ("show_dialog", "show_lineage")
    list_display = (
        *("id", "state", "error_code", "attempt", "worker", "dt_queued", "dt_finished", "reply_tokens"),
        "show_lineage",
    )
    list_filter = ("state", "error_code", "lm", "adapter")
    search_fields = ("=id", "=dialog__id")
    ordering = ("-dt_queued",)

    @admin.display(description=_("대화"))
    def show_dialog(self, reply: Reply) -> UUID:
        return reply.dialog_id

    @admin.display(description=_("계보"))
    def show_lineage(self, reply: Reply) -> SafeString:
        return link_lineage("reply", reply.pk)


@admin.register(InferenceWorker)
class InferenceWorkerAdmin(ReadOnlyAdmin):
    list_display = ("name", "engine", "lm", "slots", "dt_started", "dt_heartbeat")
