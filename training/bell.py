"""Asks Celery for a task by its name, once the transaction stands. Flows know no tasks, so nothing is imported here.

A bell that nobody hears loses nothing: what is to be done stands in PostgreSQL, and a sweep looks for it.
"""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from mymary_site.celery import app

logger = logging.getLogger(__name__)


def ring(task: str, *ids: str) -> None:
    transaction.on_commit(partial(_send, task, ids))


def _send(task: str, ids: tuple[str, ...]) -> None:
    try:
        app.send_task(task, args=ids, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("%s was not heard (%s); the next sweep does it", task, type(error).__name__)
