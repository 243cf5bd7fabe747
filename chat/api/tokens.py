"""A token for programs: given for login id and password, taken back by its holder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from rest_framework import permissions, serializers
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.api.me import RETRY_LOGIN_SECONDS
from chat.errors import ChatError


class Credentials(serializers.Serializer[object]):
    login_id = serializers.CharField(max_length=30)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class TokenView(ApiView):
    throttle_scope = "token"

    def get_permissions(self) -> Sequence[Any]:
        """Whoever asks for a token has none yet."""
        return [permissions.AllowAny()] if self.request.method == "POST" else super().get_permissions()

    @documented({200: shapes.TokenShape}, body=Credentials, operation_id="obtain_token", auth=[])
    def post(self, request: Request) -> Response:
        """Send it as `Authorization: Token …`. Failures count towards the login limits."""
        credentials = Credentials(data=request.data)
        credentials.is_valid(raise_exception=True)
        try:
            user = get_adapter(request._request).authenticate(
                request._request,
                username=credentials.validated_data["login_id"],
                password=credentials.validated_data["password"],
            )
        except ValidationError:
            raise ChatError("too_frequent", retry_after_seconds=RETRY_LOGIN_SECONDS) from None
        if user is None or not user.is_active:
            raise ChatError("login_failed")
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"token": token.key})

    @documented({204: None}, operation_id="revoke_token")
    def delete(self, request: Request) -> Response:
        Token.objects.filter(user=get_user(request)).delete()
        return Response(status=204)
