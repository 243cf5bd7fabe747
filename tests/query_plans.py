"""How PostgreSQL would find rows in a large table; in a test's few rows it would read all of them."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def explain(rows: QuerySet[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return rows.explain()
