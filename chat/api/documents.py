"""The OpenAPI document, its page, and the JSON answer to addresses that are not there."""

from __future__ import annotations

from typing import Any, Final

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import Http404
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

ERASE_PATH: Final = "/api/v1/me/"


@method_decorator(csp_replace({"style-src": [SELF, "'unsafe-inline'"]}), name="dispatch")
class ApiPage(SpectacularSwaggerSplitView):
    """Swagger UI from our own server. It writes styles into its page, so this one page allows that."""

    url_name = "api:schema"


class UnknownAddress(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


def describe_erase_body(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular leaves out bodies of DELETE; erasing an account has one."""
    result["paths"][ERASE_PATH]["delete"]["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"password": {"type": "string", "maxLength": 128, "minLength": 1}},
                    "required": ["password"],
                }
            }
        },
    }
    return result
