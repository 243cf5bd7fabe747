"""Hears PostgreSQL's NOTIFY and passes it on; reconnects for ever. What is missed meanwhile, the polls find."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import psycopg

from chat.conninfo import build_conninfo
from chat.nudges import WORKER_CHANNEL

logger = logging.getLogger(__name__)

RECONNECT_SECONDS: Final = 0.5


async def listen_for_wakeups(on_wakeup: Callable[[str, UUID | None], None]) -> None:
    """Call `on_wakeup(kind, subject_id)` for each notification, and once with "reconnected" after every connect."""
    while True:
        try:
            await _listen(on_wakeup)
        except (psycopg.Error, OSError) as error:
            logger.warning("wake-ups: the database is away (%s)", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen(on_wakeup: Callable[[str, UUID | None], None]) -> None:
    connection = await psycopg.AsyncConnection.connect(build_conninfo(), autocommit=True, connect_timeout=3)
    async with connection:
        await connection.execute(f"LISTEN {WORKER_CHANNEL}")
        on_wakeup("reconnected", None)
        async for notification in connection.notifies():
            kind, _, subject_id = notification.payload.partition(" ")
            on_wakeup(kind, UUID(subject_id))
