"""End the replies that nobody will write any more, so that none waits for ever."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.models import Counsel, Reply, ReplyState
from chat.nudges import nudge_room
from chat.replies.ending import ReplyEnd, end_reply

logger = logging.getLogger(__name__)


def expire_queued_replies() -> int:
    """Fail every reply that nobody has begun, or that its worker left, and that is older than MARY_QUEUE_HOURS.

    Idempotent; returns how many.
    """
    return sum(_expire_reply(reply_id) for reply_id in _list_overdue().values_list("pk", flat=True))


def _list_overdue() -> QuerySet[Reply]:
    now = timezone.now()
    is_left = Q(state=ReplyState.QUEUED) | Q(state=ReplyState.RUNNING, dt_lease_until__lt=now)
    return Reply.objects.filter(is_left, dt_queued__lt=now - timedelta(hours=settings.MARY_QUEUE_HOURS))


@transaction.atomic
def _expire_reply(reply_id: UUID) -> bool:
    counsel = Counsel.objects.select_for_update(of=("self",)).filter(dialogs__replies=reply_id).first()
    reply = _list_overdue().select_for_update(of=("self",)).select_related("dialog").filter(pk=reply_id).first()
    if counsel is None or reply is None:
        return False
    end_reply(counsel, reply, ReplyEnd(ReplyState.FAILED, error_code="queue_expired"))
    nudge_room(counsel.user_id, counsel.pk)
    logger.info("reply %s expired in the queue", reply_id)
    return True
