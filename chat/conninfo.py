"""libpq's connection string for the few connections that stand outside Django's pool."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo


def build_conninfo() -> str:
    """The same server, database, role and options as Django's default connection."""
    settings_dict: dict[str, Any] = connection.settings_dict
    named = {
        "dbname": settings_dict["NAME"],
        "user": settings_dict["USER"],
        "password": settings_dict["PASSWORD"],
        "host": settings_dict["HOST"],
        "port": settings_dict["PORT"],
    }
    options = {key: value for key, value in settings_dict["OPTIONS"].items() if key != "pool"}
    return make_conninfo(**options, **{key: value for key, value in named.items() if value})
