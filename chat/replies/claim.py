"""Flow 04 | runs in: inference worker | takes: a queued reply | gives: a leased reply with all its prompt needs.

A lease is a promise to write: `attempt` fences off whoever held it before. Takes no lock on the room, so that
claiming never waits for a user and never deadlocks with one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from chat.models import Character, Counsel, Dialog, Reply, ReplyState
from chat.nudges import nudge_room
from chat.prompting import Turn
from chat.replies.ending import ReplyEnd, end_reply
from chat.serving.choose import Canary, choose_adapter, list_canaries

LEASE: Final = timedelta(seconds=10)
MAX_ATTEMPTS: Final = 3
EARLIER_DIALOGS: Final = 200
"""About how many are read from the database; the token budget cuts much earlier."""
STARTING_STEP: Final = 100
"""The first dialog that is read moves only this often, so that a long room keeps its prompt's beginning."""
SAFETY_LEVEL: Final = 2
SAFETY_DIALOGS: Final = 10
"""The safety prompt stays on for this many dialogs after a crisis turn."""


@dataclass(frozen=True)
class ClaimedReply:
    reply_id: UUID
    attempt: int
    counsel_id: UUID
    user_id: UUID
    character: Character
    adapter: str  # settled here, once for this attempt; empty for the bare lm
    turns: tuple[Turn, ...]  # oldest first, the user's newest message last
    needs_safety: bool
    is_stop_requested: bool


def claim_replies(worker: str, limit: int) -> list[ClaimedReply]:
    """Lease up to `limit` replies, oldest first: queued ones, and ones whose lease ran out."""
    now = timezone.now()
    free = Q(state=ReplyState.QUEUED) | Q(state=ReplyState.RUNNING, dt_lease_until__lt=now, attempt__lt=MAX_ATTEMPTS)
    with transaction.atomic():
        replies = list(
            Reply.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free)
            .select_related("dialog__counsel__character")
            .order_by("dt_queued", "pk")[:limit]
        )
        canaries = list_canaries({reply.dialog.counsel.character_id for reply in replies}) if replies else {}
        claimed = [_describe(reply, canaries) for reply in replies]
        # Whose reply it is stands there before it is written: one that kills its worker is told of its adapter.
        adapters = [When(pk=reply.reply_id, then=Value(reply.adapter)) for reply in claimed]
        Reply.objects.filter(pk__in=[reply.pk for reply in replies]).update(
            state=ReplyState.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            dt_started=now,
            dt_lease_until=now + LEASE,
            adapter=Case(*adapters, default=Value("")),
        )
    return claimed


def fail_lost_replies() -> int:
    """Fail the replies whose workers died MAX_ATTEMPTS times over; returns how many."""
    lost = Reply.objects.filter(state=ReplyState.RUNNING, dt_lease_until__lt=timezone.now(), attempt__gte=MAX_ATTEMPTS)
    return sum(_fail_lost(reply_id) for reply_id in lost.values_list("pk", flat=True))


@transaction.atomic
def _fail_lost(reply_id: UUID) -> bool:
    counsel = Counsel.objects.select_for_update(of=("self",)).filter(dialogs__replies=reply_id).first()
    reply = (
        Reply.objects.select_for_update(of=("self",))
        .select_related("dialog")
        .filter(pk=reply_id, state=ReplyState.RUNNING, dt_lease_until__lt=timezone.now())
        .first()
    )
    if counsel is None or reply is None:
        return False
    end_reply(counsel, reply, ReplyEnd(ReplyState.FAILED, error_code="worker_lost"))
    nudge_room(counsel.user_id, counsel.pk)
    return True


def _describe(reply: Reply, canaries: Mapping[UUID, Canary]) -> ClaimedReply:
    """`reply` is the row as it was read, before it was leased."""
    dialog = reply.dialog
    counsel = dialog.counsel
    earlier = _list_earlier(dialog)
    crisis_levels = [*(crisis_level for _, _, crisis_level in earlier), dialog.crisis_level]
    needs_safety = max(crisis_levels[-SAFETY_DIALOGS:]) >= SAFETY_LEVEL
    return ClaimedReply(
        reply_id=reply.pk,
        attempt=reply.attempt + 1,
        counsel_id=counsel.pk,
        user_id=counsel.user_id,
        character=counsel.character,
        # The safety prompt is written for the bare lm.
        adapter="" if needs_safety else choose_adapter(counsel.character, counsel.user_id, canaries),
        turns=(*_make_turns(earlier), Turn("user", dialog.u_message)),
        needs_safety=needs_safety,
        is_stop_requested=reply.dt_stop_requested is not None,
    )


def _list_earlier(dialog: Dialog) -> list[tuple[str, str, int]]:
    """Message, answer and crisis level of the dialogs before this one, oldest first."""
    start = max(0, dialog.seq - EARLIER_DIALOGS) // STARTING_STEP * STARTING_STEP
    earlier = Dialog.objects.filter(counsel_id=dialog.counsel_id, seq__gte=start, seq__lt=dialog.seq).order_by("seq")
    return list(earlier.values_list("u_message", "ai_message", "crisis_level"))


def _make_turns(dialogs: list[tuple[str, str, int]]) -> Iterator[Turn]:
    for u_message, ai_message, _ in dialogs:
        if u_message:
            yield Turn("user", u_message)
        if ai_message:
            yield Turn("bot", ai_message)
