"""Users and their consents. Birth date, gender, e-mail and password hash are not shown: no duty here needs them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from chat.accounts.sessions import end_sessions
from chat.admin.read_only import ReadOnlyAdmin
from chat.models import Consent, User

IDENTITY = ("id", "login_id", "name", "language", "dt_joined", "last_login")
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(ModelAdmin):  # type: ignore[misc]
    """Accounts are made by signing up and erased by their owners; here they are opened and closed."""

    fields = (*IDENTITY, "is_active", *POWERS)
    list_display = ("login_id", "name", "language", "is_active", "is_staff", "dt_joined")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("login_id", "name")
    filter_horizontal = ("groups", "user_permissions")
    ordering = ("-dt_joined",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out powers, or closes an account that has some."""
        if getattr(request.user, "is_superuser", False):
            return IDENTITY
        is_colleague = obj is not None and obj.is_staff
        return (*IDENTITY, *POWERS, *(("is_active",) if is_colleague else ()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Closing an account, or taking powers away, ends every session and socket that had them."""
        super().save_model(request, obj, form, change)
        if {"is_active", "is_staff", "is_superuser"} & set(form.changed_data):
            own = request.session.session_key if obj.pk == request.user.pk else None
            end_sessions(obj.pk, keep_session_key=own)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    fields = ("id", "user", "kind", "is_granted", "text_version", "text_sha256", "dt_decided")
    list_display = ("user", "kind", "is_granted", "text_version", "dt_decided")
    list_filter = ("kind", "is_granted", "text_version")
    list_select_related = ("user",)
    date_hierarchy = "dt_decided"
