"""What every API view does: who is asking, and in which language the answer speaks."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from chat.accounts.language import use_language_of
from chat.models import User


class ApiView(APIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Token users pass the language middleware unrecognised, so the language is set here as well."""
        super().initial(request, *args, **kwargs)
        if isinstance(request.user, User):
            use_language_of(request.user, request._request)


def get_user(request: Request) -> User:
    """The logged-in user; only for views that demand one."""
    if not isinstance(request.user, User):
        raise TypeError("this view lets anonymous visitors in")
    return request.user
