"""A logged-in user's own language decides; before that, LocaleMiddleware's cookie and browser setting do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from chat.models import User


class UserLanguageMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            use_language_of(request.user, request)
        return self.get_response(request)


def use_language_of(user: User, request: HttpRequest) -> None:
    """LocaleMiddleware sets the language anew for every request, so nothing has to be put back."""
    translation.activate(user.language)
    request.LANGUAGE_CODE = user.language
