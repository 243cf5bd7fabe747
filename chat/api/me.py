"""The user's own account: read, change, take everything along, delete everything."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.accounts.consents import may_chat
from chat.accounts.erase import erase_account
from chat.accounts.export import export_account
from chat.accounts.language import use_language_of
from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.errors import ChatError
from chat.models import User

RETRY_LOGIN_SECONDS = 300


class ProfileChange(serializers.ModelSerializer[User]):
    """The birth date is not here: it decides who may come in, and is given once."""

    class Meta:
        model = User
        fields = ("name", "gender", "language")


class Password(serializers.Serializer[object]):
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class Me(ApiView):
    @documented({200: shapes.MeShape}, operation_id="get_me")
    def get(self, request: Request) -> Response:
        return Response(_dump_me(get_user(request)))

    @documented({200: shapes.MeShape}, body=ProfileChange, operation_id="change_me")
    def patch(self, request: Request) -> Response:
        change = ProfileChange(get_user(request), data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        user = change.save()
        use_language_of(user, request._request)
        return Response(_dump_me(user))

    @documented({200: shapes.ErasedShape}, body=Password, operation_id="erase_me")
    def delete(self, request: Request) -> Response:
        """The account and everything in it goes, at once and for good. The password confirms it.

        `receipt_url`: where to read, without an account, what becomes of models that learned from it; empty for none.
        """
        confirmation = Password(data=request.data)
        confirmation.is_valid(raise_exception=True)
        user = get_user(request)
        check_password(request, user, confirmation.validated_data["password"])
        receipt = erase_account(user)
        request._request.session.flush()
        return Response({"receipt_url": receipt})


class MeExport(ApiView):
    throttle_scope = "export"

    @documented({200: dict[str, Any]}, operation_id="export_me")
    def get(self, request: Request) -> Response:
        """Profile, consents, rooms, turns, replies and feedback; what an AI wrote is marked as such."""
        answer = Response(export_account(get_user(request)))
        answer["Content-Disposition"] = f'attachment; filename="mymary-{timezone.localdate():%Y-%m-%d}.json"'
        answer["Cache-Control"] = "no-store"
        return answer


def check_password(request: Request, user: User, password: str) -> None:
    """Counts towards the login limits. Raises ChatError wrong_password, or too_frequent after repeated failures."""
    try:
        is_right = get_adapter(request._request).reauthenticate(user, password)
    except ValidationError:
        raise ChatError("too_frequent", retry_after_seconds=RETRY_LOGIN_SECONDS) from None
    if not is_right:
        raise ChatError("wrong_password")


def _dump_me(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "login_id": user.login_id,
        "name": user.name,
        "dt_birth": user.dt_birth.isoformat(),
        "gender": user.gender,
        "language": user.language,
        "email": user.email,
        "dt_joined": user.dt_joined.isoformat(),
        "may_chat": may_chat(user.pk),
    }
