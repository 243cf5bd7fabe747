"""The five consents: where the user stands, and one decision at a time."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.accounts.consents import ConsentStatus, decide_consent, list_consents
from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.models import REQUIRED_TO_CHAT, ConsentKind


class Decision(serializers.Serializer[object]):
    is_granted = serializers.BooleanField()
    text_version = serializers.CharField(max_length=20)


class ConsentList(ApiView):
    @documented({200: shapes.ConsentShape(many=True)}, operation_id="list_consents")
    def get(self, request: Request) -> Response:
        return Response([_dump_consent(consent) for consent in list_consents(get_user(request).pk)])


class ConsentDetail(ApiView):
    @documented({200: shapes.ConsentShape}, 409, body=Decision, operation_id="decide_consent")
    def put(self, request: Request, kind: str) -> Response:
        """Each decision is kept with its date. Giving one asks for the version of the text that was read."""
        decision = Decision(data=request.data)
        decision.is_valid(raise_exception=True)
        return Response(_dump_consent(decide_consent(get_user(request), ConsentKind(kind), **decision.validated_data)))


def _dump_consent(consent: ConsentStatus) -> dict[str, Any]:
    decision = consent.decision
    return {
        "kind": str(consent.text.kind),
        "is_required_to_chat": consent.text.kind in REQUIRED_TO_CHAT,
        "is_granted": consent.is_granted,
        "dt_decided": decision.dt_decided.isoformat() if decision else None,
        "text_version": decision.text_version if decision else None,
        "current_text_version": consent.text.version,
        "title": consent.text.title,
        "text": consent.text.body,
    }
