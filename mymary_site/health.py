"""GET /healthz: is this web process of use? Open to everybody, tells no secrets, answers within its time limit."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import psycopg
import redis.asyncio as redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from psycopg.conninfo import make_conninfo
from redis.exceptions import RedisError

from chat.models.inference_workers import ALIVE_FOR

logger = logging.getLogger(__name__)

TIME_LIMIT_SECONDS: Final = 2.0
WORKERS_ALIVE: Final = "SELECT count(*) FROM inference_worker WHERE dt_heartbeat >= now() - %s"


async def answer_health(request: HttpRequest) -> JsonResponse:
    """503 when database or Valkey is away. No worker alive is no reason: messages are accepted and queued."""
    workers_alive, has_valkey = await asyncio.gather(_count_workers(), _reach_valkey())
    has_database = workers_alive is not None
    body = {"database": has_database, "valkey": has_valkey, "workers_alive": workers_alive or 0}
    return JsonResponse(body, status=200 if has_database and has_valkey else 503)


async def _count_workers() -> int | None:
    """None when the database does not answer. A connection of its own: a full pool is not a dead database."""
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            async with await psycopg.AsyncConnection.connect(_conninfo()) as database:
                row = await (await database.execute(WORKERS_ALIVE, [ALIVE_FOR])).fetchone()
    except (psycopg.Error, OSError, TimeoutError) as error:
        logger.warning("health: database away (%s)", type(error).__name__)
        return None
    return int(row[0]) if row else 0


async def _reach_valkey() -> bool:
    client = redis.Redis.from_url(settings.MARY_TOKEN_LOG_URL)
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            return bool(await client.ping())
    except (RedisError, OSError, TimeoutError) as error:
        logger.warning("health: Valkey away (%s)", type(error).__name__)
        return False
    finally:
        await client.aclose()


def _conninfo() -> str:
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
