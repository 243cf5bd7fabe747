"""Every refusal of the API in one shape: {"error": {"code", "message": {"ko", "en"}, "fields"?: {…}}}."""

from __future__ import annotations

import logging
import math
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from chat.api.field_messages import describe_field_error
from chat.errors import ChatError, get_message

logger = logging.getLogger(__name__)

RETRY_UNAVAILABLE_SECONDS: Final = 5

STATUS_OF_CODE: Final[dict[str, int]] = {
    "login_failed": status.HTTP_401_UNAUTHORIZED,
    "consent_required": status.HTTP_403_FORBIDDEN,
    "wrong_password": status.HTTP_403_FORBIDDEN,
    "not_found": status.HTTP_404_NOT_FOUND,
    "room_ended": status.HTTP_409_CONFLICT,
    "consent_text_changed": status.HTTP_409_CONFLICT,
    "too_frequent": status.HTTP_429_TOO_MANY_REQUESTS,
    "unavailable": status.HTTP_503_SERVICE_UNAVAILABLE,
}

CODE_OF_EXCEPTION: Final[tuple[tuple[type[Exception], str, int], ...]] = (
    (Http404, "not_found", status.HTTP_404_NOT_FOUND),
    (exceptions.NotFound, "not_found", status.HTTP_404_NOT_FOUND),
    (PermissionDenied, "permission_denied", status.HTTP_403_FORBIDDEN),
    (exceptions.PermissionDenied, "permission_denied", status.HTTP_403_FORBIDDEN),
    (exceptions.ParseError, "bad_json", status.HTTP_400_BAD_REQUEST),
    (exceptions.MethodNotAllowed, "method_not_allowed", status.HTTP_405_METHOD_NOT_ALLOWED),
    (exceptions.NotAcceptable, "not_acceptable", status.HTTP_406_NOT_ACCEPTABLE),
    (exceptions.UnsupportedMediaType, "unsupported_media_type", status.HTTP_415_UNSUPPORTED_MEDIA_TYPE),
)


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's EXCEPTION_HANDLER. None (an unforeseen error) goes on to Django and its log."""
    answer = _find_answer(error)
    if answer is not None:
        set_rollback()
    return answer


def _find_answer(error: Exception) -> Response | None:
    if isinstance(error, ChatError):
        return _answer(error.code, STATUS_OF_CODE.get(error.code, 400), retry_after=error.retry_after_seconds)
    if isinstance(error, exceptions.ValidationError):
        return _answer("invalid", 400, fields=_describe_fields(error.detail))
    if isinstance(error, exceptions.Throttled):
        return _answer("too_frequent", 429, retry_after=getattr(error, "wait", None) or 1)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        answer = _answer("not_authenticated", error.status_code)
        answer["WWW-Authenticate"] = getattr(error, "auth_header", "Token")
        return answer
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("database away: %s", type(error).__name__)
        return _answer("unavailable", 503, retry_after=RETRY_UNAVAILABLE_SECONDS)
    for kind, code, http_status in CODE_OF_EXCEPTION:
        if isinstance(error, kind):
            return _answer(code, http_status)
    return None


def _answer(
    code: str, http_status: int, *, fields: dict[str, Any] | None = None, retry_after: float | None = None
) -> Response:
    body: dict[str, Any] = {"code": code, "message": get_message(code)}
    if fields:
        body["fields"] = fields
    answer = Response({"error": body}, status=http_status)
    if retry_after is not None:
        answer["Retry-After"] = str(math.ceil(retry_after))
    return answer


def _describe_fields(detail: Any, name: str = "") -> dict[str, list[dict[str, object]]]:
    """Nested details become dotted names: {"reasons": {2: [...]}} → {"reasons.2": [...]}."""
    if isinstance(detail, dict):
        fields: dict[str, list[dict[str, object]]] = {}
        for key, inner in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            fields |= _describe_fields(inner, f"{name}.{own}".strip("."))
        return fields
    return {name: [describe_field_error(getattr(item, "code", "invalid")) for item in detail]}
