"""GET characters/ and characters/{id}/: whom one can talk to."""

from __future__ import annotations

from uuid import UUID

from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import shapes
from chat.api.base import ApiView
from chat.api.documented import documented
from chat.api.payloads import dump_character
from chat.models import Character


class CharacterList(ApiView):
    @documented({200: shapes.CharacterShape(many=True)}, operation_id="list_characters")
    def get(self, request: Request) -> Response:
        return Response([dump_character(character) for character in Character.objects.filter(is_live=True)])


class CharacterDetail(ApiView):
    @documented({200: shapes.CharacterShape}, operation_id="get_character")
    def get(self, request: Request, character_id: UUID) -> Response:
        return Response(dump_character(get_object_or_404(Character, pk=character_id, is_live=True)))
