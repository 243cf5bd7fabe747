"""GET /healthz: is this web process of use? Open to everybody, tells no secrets, answers within its time limit."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import psycopg
import redis.asyncio as redis
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from chat.conninfo import build_conninfo
from chat.models.inference_workers import ALIVE_FOR

logger = logging.getLogger(__name__)

TIME_LIMIT_SECONDS: Final = 2.0
CHECKS_AT_ONCE: Final = 8
WORKERS_ALIVE: Final = "SELECT count(*) FROM inference_worker WHERE dt_heartbeat >= now() - %s"


_at_once = 0


async def answer_health(request: HttpRequest) -> JsonResponse:
    """503 when database or Valkey is away. No worker alive is no reason: messages are accepted and queued.

    429 beyond CHECKS_AT_ONCE: a crowd of strangers asking for health must not use up the database's connections.
    """
    global _at_once  # one number a process
    if _at_once >= CHECKS_AT_ONCE:
        return JsonResponse({"busy": True}, status=429)
    _at_once += 1
    try:
        return await _check_health()
    finally:
        _at_once -= 1


async def _check_health() -> JsonResponse:
    workers_alive, has_valkey = await asyncio.gather(_count_workers(), _reach_valkey())
    has_database = workers_alive is not None
    body = {"database": has_database, "valkey": has_valkey, "workers_alive": workers_alive or 0}
    return JsonResponse(body, status=200 if has_database and has_valkey else 503)


async def _count_workers() -> int | None:
    """None when the database does not answer. A connection of its own: a full pool is not a dead database."""
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            async with await psycopg.AsyncConnection.connect(build_conninfo()) as database:
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
