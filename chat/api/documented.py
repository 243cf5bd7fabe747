"""How views tell the OpenAPI document everything they may answer, refusals included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from chat.api import shapes

View = TypeVar("View", bound=Callable[..., Any])

REFUSALS: Final[dict[int, str]] = {
    400: "bad_json or invalid (with `fields`)",
    401: "not_authenticated, login_failed",
    403: "permission_denied (also: CSRF token missing), consent_required, wrong_password",
    404: "not_found (also: not yours)",
    406: "not_acceptable",
    409: "room_ended, consent_text_changed",
    415: "unsupported_media_type",
    429: "too_frequent: see Retry-After",
    503: "unavailable: see Retry-After",
}
ALWAYS: Final = (401, 403, 404, 406, 429, 503)
WITH_BODY: Final = (400, 415)
RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After", int, OpenApiParameter.HEADER, description="Seconds to wait.", response=[429, 503]
)


def documented(
    answers: dict[int, Any], *refusals: int, body: Any = None, parameters: tuple[Any, ...] = (), **schema: Any
) -> Callable[[View], View]:
    """`answers`: status → shape, or None for an empty body. `refusals`: beyond those every view may give."""
    statuses = {*ALWAYS, *refusals, *(WITH_BODY if body is not None else ())}
    refused = {status: OpenApiResponse(shapes.Error, REFUSALS[status]) for status in sorted(statuses)}
    return extend_schema(
        request=body, parameters=[*parameters, RETRY_AFTER], responses={**answers, **refused}, **schema
    )
