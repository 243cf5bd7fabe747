"""A Celery worker that lives and hears nothing ends itself, and supervisor starts another.

After a lost connection to Redis a consumer now and then stays up without consuming (celery #8030, #8091, #10205): its
process is there, it answers nobody's question whether it works, and messages pile up. What tells is the queue itself:
messages wait, none was received for a while, and no task is at work.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from celery.signals import task_received, worker_ready
from celery.worker import state
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

LOOKS: Final = 10
"""How often within its patience a worker is looked at."""
GOODBYE_SECONDS: Final = 15.0
"""To end as it should; a consumer that hangs does not hear that either."""

_received = 0


@task_received.connect
def _count(**_: Any) -> None:
    global _received  # of this process; the pool's children receive none
    _received += 1


@dataclass
class Hearing:
    """What was heard so far, and since when nothing although something waits."""

    patience_seconds: float
    received: int = 0
    silent_since: float | None = None

    def is_lost(self, now: float, *, received: int, waiting: int, at_work: int) -> bool:
        """`waiting`: messages in its queues. `at_work`: tasks that run. `received`: so far, by this process."""
        is_silent = received == self.received and waiting > 0 and at_work == 0
        self.received = received
        if not is_silent:
            self.silent_since = None
            return False
        if self.silent_since is None:
            self.silent_since = now
        return now - self.silent_since >= self.patience_seconds


@worker_ready.connect
def watch(sender: Any, **_: Any) -> None:
    """`sender`: the consumer that is ready."""
    queues = tuple(sender.app.amqp.queues.consume_from)
    threading.Thread(target=_watch, args=(sender.app, queues), name="hearing", daemon=True).start()


def _watch(app: Any, queues: Iterable[str]) -> None:
    hearing = Hearing(settings.MARY_DEAF_SECONDS)
    while True:
        time.sleep(settings.MARY_DEAF_SECONDS / LOOKS)
        waiting = count_waiting(app, queues)
        at_work = len(state.active_requests)
        if hearing.is_lost(time.monotonic(), received=_received, waiting=waiting, at_work=at_work):
            logger.critical("%d messages wait and none is received: this worker ends, to be started anew", waiting)
            _end()


def count_waiting(app: Any, queues: Iterable[str]) -> int:
    """Messages in these queues; 0 where the broker cannot be reached, which says nothing about a consumer."""
    connection = app.connection_for_read()
    try:
        with connection, connection.channel() as channel:
            return sum(channel.queue_declare(queue).message_count for queue in queues)
    except (OperationalError, *connection.connection_errors, *connection.channel_errors):
        return 0


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GOODBYE_SECONDS)
    os._exit(1)
