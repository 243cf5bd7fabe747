"""What must go with replies whose rows are deleted: their workers' effort and their token logs in Valkey."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from redis.exceptions import RedisError

from chat.models import LIVE_STATES, Reply
from chat.nudges import notify_workers
from chat.token_log import log_key

logger = logging.getLogger(__name__)

VALKEY_TIMEOUT_SECONDS = 2.0
KEYS_PER_CALL = 1000


def forget_replies(replies: QuerySet[Reply]) -> None:
    """Call before the rows go, inside their transaction: workers stop and logs go once it has committed."""
    rows = list(replies.values_list("pk", "state"))
    for reply_id, state in rows:
        if state in LIVE_STATES:
            notify_workers("stop", reply_id)
    transaction.on_commit(partial(_drop_token_logs, [reply_id for reply_id, _ in rows]))


def _drop_token_logs(reply_ids: Sequence[UUID]) -> None:
    """A Valkey that is away is only logged: what it holds expires by itself within MARY_TOKEN_LOG_SECONDS."""
    keys = [log_key(reply_id) for reply_id in reply_ids]
    client = redis.Redis.from_url(
        settings.MARY_TOKEN_LOG_URL,
        socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
        socket_timeout=VALKEY_TIMEOUT_SECONDS,
    )
    try:
        for start in range(0, len(keys), KEYS_PER_CALL):
            client.unlink(*keys[start : start + KEYS_PER_CALL])
    except RedisError as error:
        logger.warning("%d token logs left to expire (%s)", len(keys), type(error).__name__)
    finally:
        client.close()
