"""The only place where a reply reaches a final state, whoever ends it: worker, stop, or expiry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from chat.models import Counsel, Reply, ReplyState
from chat.rooms.lock import bump_version


@dataclass(frozen=True)
class ReplyEnd:
    """How a reply ended. `provenance` holds further columns of `reply` by name."""

    state: ReplyState
    text: str = ""
    error_code: str = ""
    dt_first_token: datetime | None = None
    provenance: dict[str, Any] = field(default_factory=dict)


def end_reply(counsel: Counsel, reply: Reply, end: ReplyEnd) -> None:
    """Write the end of a live reply. The caller holds the locks of the room and of the reply.

    A reply with text becomes the dialog's answer; one without leaves the answer that stood.
    """
    reply.state = end.state
    reply.text = end.text
    reply.error_code = end.error_code
    reply.dt_first_token = end.dt_first_token
    reply.dt_finished = timezone.now()
    reply.dt_lease_until = None
    for column, value in end.provenance.items():
        setattr(reply, column, value)
    reply.save()
    dialog = reply.dialog
    dialog.version = bump_version(counsel, is_activity=True)
    if end.text and end.state in (ReplyState.DONE, ReplyState.STOPPED):
        dialog.chosen_reply = reply
        dialog.ai_message = end.text
    dialog.save(update_fields=["version", "chosen_reply", "ai_message"])
