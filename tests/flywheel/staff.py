"""A member of staff at the admin's own pages: logs in, opens them, sends their forms; cookies and CSRF as a browser."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

LOGIN = "/accounts/login/"


class PageRefused(Exception):
    """The server answered with something else than the page or a redirect to one."""


class Staff:
    def __init__(self, origin: str, login_id: str, password: str) -> None:
        self.origin = origin
        self.login_id = login_id
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.get(LOGIN)
        address, _ = self.post(LOGIN, login=login_id, password=password)
        if address.startswith(LOGIN):
            raise PageRefused(f"{login_id} cannot log in")

    def get(self, path: str) -> str:
        return self._send(urllib.request.Request(f"{self.origin}{path}"))[1]

    def post(self, path: str, **fields: str | int) -> tuple[str, str]:
        """The path that the answer led to, and its page."""
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": self._token}).encode()
        return self._send(urllib.request.Request(f"{self.origin}{path}", body))

    def post_json(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._token}
        request = urllib.request.Request(f"{self.origin}{path}", json.dumps(body).encode(), headers)
        return dict(json.loads(self._send(request)[1]))

    @property
    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self._cookies if cookie.name.startswith("mary_csrf")), "")

    def _send(self, request: urllib.request.Request) -> tuple[str, str]:
        request.add_header("Referer", self.origin)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return urllib.parse.urlsplit(answer.url).path, answer.read().decode()
        except urllib.error.HTTPError as error:
            text = re.sub(r"\s+", " ", error.read().decode(errors="replace"))[:300]
            raise PageRefused(f"{request.get_method()} {request.full_url}: {error.code} {text}") from error
