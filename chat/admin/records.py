"""Rooms, turns, replies and workers, for operating the service: never a title, a message or a reply's text."""

from __future__ import annotations

from django.contrib import admin

from chat.admin.read_only import ReadOnlyAdmin
from chat.models import Counsel, Dialog, InferenceWorker, Reply


@admin.register(Counsel)
class CounselAdmin(ReadOnlyAdmin):
    fields = ("id", "user_id", "character", "version", "dt_start", "dt_changed", "dt_end")
    list_display = ("id", "character", "version", "dt_start", "dt_changed", "dt_end")
    list_filter = ("character", "dt_end")
    list_select_related = ("character",)
    search_fields = ("=id",)
    ordering = ("-dt_changed",)


@admin.register(Dialog)
class DialogAdmin(ReadOnlyAdmin):
    fields = ("id", "counsel_id", "seq", "version", "dt_dialog", "chosen_reply_id")
    list_display = ("id", "counsel_id", "seq", "dt_dialog")
    search_fields = ("=id", "=counsel__id")
    ordering = ("-dt_dialog",)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    fields = (
        *("id", "dialog_id", "number", "state", "error_code", "attempt", "worker"),
        *("dt_queued", "dt_stop_requested", "dt_started", "dt_first_token", "dt_finished", "dt_lease_until"),
        *("engine", "lm", "adapter", "prompt_version", "sampling"),
        *("prompt_tokens", "cached_tokens", "reply_tokens", "dropped_turns"),
    )
    list_display = ("id", "state", "error_code", "attempt", "worker", "dt_queued", "dt_finished", "reply_tokens")
    list_filter = ("state", "error_code", "lm", "adapter")
    search_fields = ("=id", "=dialog__id")
    ordering = ("-dt_queued",)


@admin.register(InferenceWorker)
class InferenceWorkerAdmin(ReadOnlyAdmin):
    list_display = ("name", "engine", "lm", "slots", "dt_started", "dt_heartbeat")
