"""GET counsels/{id}/dialogs/: the turns of a room, newest page first, each page in ascending order."""

from __future__ import annotations

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.api.payloads import dump_dialog, list_dialogs
from chat.errors import ChatError
from chat.models import Counsel

LIMIT_DEFAULT = 50
LIMIT_HIGHEST = 100
SEQ_HIGHEST = 2**31 - 1


class DialogQuery(serializers.Serializer[object]):
    before_seq = serializers.IntegerField(
        required=False, min_value=1, max_value=SEQ_HIGHEST, help_text="Only turns before this one."
    )
    limit = serializers.IntegerField(default=LIMIT_DEFAULT, min_value=1, max_value=LIMIT_HIGHEST)


class DialogList(ApiView):
    @documented({200: shapes.DialogPage}, 400, parameters=(DialogQuery,), operation_id="list_dialogs")
    def get(self, request: Request, counsel_id: UUID) -> Response:
        """`version` is what to give `room.open` over WebSocket after reading this page."""
        query = DialogQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        limit = query.validated_data["limit"]
        # The version is read before the turns: what changes in between comes once more over the socket.
        version = (
            Counsel.objects.owned_by(get_user(request).pk).filter(pk=counsel_id).values_list("version", flat=True)
        ).first()
        if version is None:
            raise ChatError("not_found")
        dialogs = list_dialogs(counsel_id, before_seq=query.validated_data.get("before_seq"), limit=limit + 1)
        page = dialogs[-limit:]
        return Response(
            {"version": version, "has_more": len(dialogs) > limit, "dialogs": [dump_dialog(turn) for turn in page]}
        )
