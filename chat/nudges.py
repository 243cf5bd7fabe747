"""Content-free nudges: "look again". A lost nudge costs latency, never text: slow polls stand underneath.

Web processes hear them through the channel layer (one group for all of them); inference workers through
PostgreSQL's NOTIFY, which leaves with the commit that it speaks of.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WEB_GROUP: Final = "mary.web"
WORKER_CHANNEL: Final = "mary_worker"
NUDGE_TIMEOUT_SECONDS: Final = 1.0

Kind = Literal["room", "session"]


async def send_nudge(user_id: UUID, kind: Kind, counsel_id: UUID | None = None) -> None:
    """Tell every web process that something of this user changed; a layer that is away is only logged."""
    message: dict[str, Any] = {
        "type": "nudge",
        "user": str(user_id),
        "kind": kind,
        "counsel": str(counsel_id) if counsel_id else None,
    }
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS has no default")
    try:
        async with asyncio.timeout(NUDGE_TIMEOUT_SECONDS):
            await layer.group_send(WEB_GROUP, message)
    except (RedisError, OSError, TimeoutError) as error:
        logger.warning("nudge not sent (%s): the poll will find it", type(error).__name__)


def nudge_room(user_id: UUID, counsel_id: UUID) -> None:
    """After the surrounding transaction commits: this room has a newer version."""
    transaction.on_commit(partial(async_to_sync(send_nudge), user_id, "room", counsel_id))


def nudge_user(user_id: UUID, kind: Kind) -> None:
    """After the surrounding transaction commits: check this user's sessions."""
    transaction.on_commit(partial(async_to_sync(send_nudge), user_id, kind))


def notify_workers(kind: Literal["queued", "stop", "adapters"], subject_id: UUID) -> None:
    """Wake the inference workers when this transaction commits; the subject is a reply, of "adapters" a release."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [WORKER_CHANNEL, f"{kind} {subject_id}"])
