"""Where allauth asks the product: which columns a new user has, where to go next, what ends with a password."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from chat.accounts.consents import may_chat
from chat.accounts.sessions import end_sessions, log_out
from chat.models import User

PROFILE_FIELDS = ("name", "dt_birth", "gender", "language")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_taken": _("이미 누가 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요."),
        "email_taken": _("이 이메일로 만든 계정이 이미 있어요. 다른 주소를 적거나 비워 두세요."),
        "username_password_mismatch": _("아이디나 비밀번호가 맞지 않아요. 다시 확인해 주세요."),
        "too_many_login_attempts": _("로그인을 여러 번 실패했어요. 5분쯤 뒤에 다시 해 주세요."),
    }

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        for field in PROFILE_FIELDS:
            setattr(user, field, form.cleaned_data[field])
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        if isinstance(request.user, User) and not may_chat(request.user.pk):
            return resolve_url("chat:privacy")
        return resolve_url(super().get_signup_redirect_url(request))

    def set_password(self, user: User, password: str) -> None:
        """For change and reset alike: whoever was logged in elsewhere no longer is; this browser stays."""
        super().set_password(user, password)
        end_sessions(user.pk, keep_session_key=self.request.session.session_key)

    def logout(self, request: HttpRequest) -> None:
        log_out(request)
