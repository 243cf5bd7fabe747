"""Flow 08 | runs in: inference worker | takes: the text that was streamed | gives: the stored reply and its end.

The text already passed the tone and safety filters while it streamed (chat.tone), so what is stored is, byte for
byte, what every client was sent.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from chat.models import Counsel, Reply, ReplyState
from chat.nudges import nudge_room
from chat.replies.ending import ReplyEnd, end_reply


@transaction.atomic
def finish_reply(reply_id: UUID, attempt: int, end: ReplyEnd) -> bool:
    """Store the end of a leased reply; False, and nothing written, when the lease went to somebody else.

    Idempotent: a repeat after an unseen commit finds the reply ended and returns False.
    """
    counsel = Counsel.objects.select_for_update(of=("self",)).filter(dialogs__replies=reply_id).first()
    reply = (
        Reply.objects.select_for_update(of=("self",))
        .select_related("dialog")
        .filter(pk=reply_id, attempt=attempt, state=ReplyState.RUNNING)
        .first()
    )
    if counsel is None or reply is None:
        return False
    end_reply(counsel, reply, end)
    nudge_room(counsel.user_id, counsel.pk)
    return True
