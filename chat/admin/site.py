"""Staff come in and go out through allauth, so that rate limits, mails and socket closing hold for them too."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from chat.accounts.sessions import log_out


@require_POST
def log_out_of_admin(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseRedirect:
    log_out(request)
    return redirect("account_login")


def change_own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseRedirect:
    return redirect("account_change_password")


admin.site.site_header = admin.site.site_title = _("내마리 관리")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = log_out_of_admin  # type: ignore[method-assign,assignment]
admin.site.password_change = change_own_password  # type: ignore[method-assign,assignment]
