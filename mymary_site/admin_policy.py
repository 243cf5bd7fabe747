"""The Content-Security-Policy of /admin/: the strict one of everywhere, plus what the theme's Alpine cannot do without.

The reasons and the risk stand in docs/decisions/admin-theme.md.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

ALLOWED_HERE = {"script-src": [UNSAFE_EVAL], "style-src-attr": [UNSAFE_INLINE]}


class AdminPolicyMiddleware:
    """Stands inside django-csp's middleware, which reads `_csp_update` of the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.admin = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(self.admin):
            response._csp_update = ALLOWED_HERE  # type: ignore[attr-defined]
        return response
