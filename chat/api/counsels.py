"""Rooms: list and search, open, read, rename, end, delete."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import shapes
from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.api.paging import CounselPagination
from chat.api.payloads import Payload, dump_counsel, with_previews
from chat.errors import ChatError
from chat.models import Character, Counsel
from chat.rooms.delete import delete_counsel
from chat.rooms.end import end_counsel
from chat.rooms.open import open_counsel
from chat.rooms.rename import rename_counsel


class CounselQuery(serializers.Serializer[object]):
    q = serializers.CharField(required=False, max_length=100, allow_blank=True, help_text="Words to look for.")
    state = serializers.ChoiceField(required=False, choices=("open", "ended"))
    limit = serializers.IntegerField(required=False, min_value=1, max_value=CounselPagination.max_page_size)
    cursor = serializers.CharField(required=False, max_length=300)


class NewCounsel(serializers.Serializer[object]):
    character_id = serializers.PrimaryKeyRelatedField(
        queryset=Character.objects.filter(is_live=True), pk_field=serializers.UUIDField()
    )


class CounselTitle(serializers.Serializer[object]):
    title = serializers.CharField(max_length=60, allow_blank=True)


CounselPage = inline_serializer(
    "CounselPage",
    {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": shapes.CounselShape(many=True),
    },
)


class CounselList(ApiView):
    @documented({200: CounselPage}, 400, parameters=(CounselQuery,), operation_id="list_counsels")
    def get(self, request: Request) -> Response:
        query = CounselQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        counsels = Counsel.objects.owned_by(get_user(request).pk)
        if state := query.validated_data.get("state"):
            counsels = counsels.filter(dt_end__isnull=state == "open")
        if words := query.validated_data.get("q"):
            counsels = counsels.search(words)
        paginator = CounselPagination()
        page = paginator.paginate_queryset(with_previews(counsels), request, self) or []
        return paginator.get_paginated_response([dump_counsel(counsel) for counsel in page])

    @documented({201: shapes.CounselShape}, body=NewCounsel, operation_id="open_counsel")
    def post(self, request: Request) -> Response:
        """The character's greeting is the room's first turn."""
        wanted = NewCounsel(data=request.data)
        wanted.is_valid(raise_exception=True)
        counsel = open_counsel(get_user(request), wanted.validated_data["character_id"])
        return Response(_show(request, counsel.pk), status=201)


class CounselDetail(ApiView):
    @documented({200: shapes.CounselShape}, operation_id="get_counsel")
    def get(self, request: Request, counsel_id: UUID) -> Response:
        return Response(_show(request, counsel_id))

    @documented({200: shapes.CounselShape}, body=CounselTitle, operation_id="rename_counsel")
    def patch(self, request: Request, counsel_id: UUID) -> Response:
        title = CounselTitle(data=request.data)
        title.is_valid(raise_exception=True)
        rename_counsel(get_user(request).pk, counsel_id, title.validated_data["title"])
        return Response(_show(request, counsel_id))

    @documented({204: None}, operation_id="delete_counsel")
    def delete(self, request: Request, counsel_id: UUID) -> Response:
        """Every word in the room goes, at once and for good."""
        delete_counsel(get_user(request).pk, counsel_id)
        return Response(status=204)


class CounselEnd(ApiView):
    @documented({200: shapes.CounselShape}, operation_id="end_counsel")
    def post(self, request: Request, counsel_id: UUID) -> Response:
        """The room stays readable and takes no more messages. Ending it twice is fine."""
        end_counsel(get_user(request).pk, counsel_id)
        return Response(_show(request, counsel_id))


def _show(request: Request, counsel_id: UUID) -> Payload:
    counsel = with_previews(Counsel.objects.owned_by(get_user(request).pk)).filter(pk=counsel_id).first()
    if counsel is None:
        raise ChatError("not_found")
    return dump_counsel(counsel)
