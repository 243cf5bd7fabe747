"""Cursor paging of rooms, newest first. A cursor is opaque; one that is not ours is a 400."""

from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import exceptions, pagination
from rest_framework.request import Request

INVALID_CURSOR = exceptions.ErrorDetail("invalid", code="invalid")


class CounselPagination(pagination.CursorPagination):
    page_size = 20
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = ("-dt_changed", "id")

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None and parse_datetime(str(cursor.position)) is None:
                raise ValueError(cursor.position)
        except (exceptions.NotFound, ValueError):
            raise exceptions.ValidationError({"cursor": [INVALID_CURSOR]}) from None
        return cursor
