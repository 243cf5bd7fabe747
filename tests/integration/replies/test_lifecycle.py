"""Claim, lease, stop, finish, expire: a reply ends once, by whoever still holds it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat.errors import ChatError
from chat.models import Counsel, Reply, ReplyState
from chat.replies.accept import accept_message
from chat.replies.choose import choose_reply
from chat.replies.claim import MAX_ATTEMPTS, claim_replies, fail_lost_replies
from chat.replies.ending import ReplyEnd
from chat.replies.expire import expire_queued_replies
from chat.replies.finish import finish_reply
from chat.replies.lease import release_reply, renew_leases
from chat.replies.position import list_positions
from chat.replies.regenerate import regenerate_reply
from chat.replies.stop import request_stop
from tests.builders import build_room, build_user

pytestmark = pytest.mark.django_db
DONE = ReplyEnd(ReplyState.DONE, "그랬군요. 어떤 일이 있었나요?")


@pytest.fixture
def reply() -> Reply:
    user = build_user()
    return accept_message(user.pk, build_room(user).pk, uuid4(), "힘들었어요").replies.get()


def lapse_lease(reply: Reply) -> None:
    Reply.objects.filter(pk=reply.pk).update(dt_lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claimed_reply_carries_all_that_its_prompt_needs(reply):
    (claimed,) = claim_replies("w1", 5)
    assert [turn.role for turn in claimed.turns] == ["bot", "user"]
    assert (claimed.reply_id, claimed.attempt, claimed.turns[-1].text) == (reply.pk, 1, "힘들었어요")
    assert claim_replies("w2", 5) == []


def test_a_finished_reply_is_the_dialogs_answer_and_moves_the_version(reply):
    (claimed,) = claim_replies("w1", 1)
    before = Counsel.objects.get(pk=claimed.counsel_id).version
    assert finish_reply(reply.pk, 1, DONE)
    reply.refresh_from_db()
    assert (reply.state, reply.text, reply.dialog.ai_message) == ("done", DONE.text, DONE.text)
    assert reply.dialog.version == before + 1 == Counsel.objects.get(pk=claimed.counsel_id).version


def test_finishing_twice_writes_once(reply):
    claim_replies("w1", 1)
    assert finish_reply(reply.pk, 1, DONE)
    assert not finish_reply(reply.pk, 1, ReplyEnd(ReplyState.DONE, "다른 글"))
    reply.refresh_from_db()
    assert reply.text == DONE.text


def test_a_worker_whose_lease_was_taken_over_writes_nothing(reply):
    claim_replies("slow", 1)
    lapse_lease(reply)
    (again,) = claim_replies("fast", 1)
    assert again.attempt == 2
    assert not finish_reply(reply.pk, 1, DONE)
    assert not release_reply(reply.pk, 1)
    assert renew_leases("slow", [reply.pk]) == []
    assert finish_reply(reply.pk, 2, DONE)


def test_a_claim_whose_answer_was_lost_runs_out_although_its_worker_lives(reply):
    claim_replies("w1", 1)
    lapse_lease(reply)
    assert renew_leases("w1", []) == []
    assert claim_replies("w1", 1)[0].attempt == 2


def test_a_reply_that_kills_its_workers_fails_in_the_end(reply):
    for _ in range(MAX_ATTEMPTS):
        assert len(claim_replies("w", 1)) == 1
        lapse_lease(reply)
    assert claim_replies("w", 1) == []
    assert fail_lost_replies() == 1
    reply.refresh_from_db()
    assert (reply.state, reply.error_code) == ("failed", "worker_lost")


def test_a_released_reply_is_claimed_again(reply):
    claim_replies("w1", 1)
    assert release_reply(reply.pk, 1)
    assert claim_replies("w2", 1)[0].attempt == 2


def test_stopping_a_queued_reply_ends_it_at_once(reply):
    request_stop(reply.dialog.user_id, reply.pk)
    reply.refresh_from_db()
    assert reply.state == "stopped"
    assert claim_replies("w1", 1) == []


def test_stopping_a_running_reply_reaches_its_worker_and_is_idempotent(reply):
    claim_replies("w1", 1)
    request_stop(reply.dialog.user_id, reply.pk)
    request_stop(reply.dialog.user_id, reply.pk)
    assert [lease.is_stop_requested for lease in renew_leases("w1", [reply.pk])] == [True]


def test_stopping_an_ended_reply_or_somebody_elses_is_refused(reply):
    with pytest.raises(ChatError, match="not_found"):
        request_stop(build_user("bada").pk, reply.pk)
    request_stop(reply.dialog.user_id, reply.pk)
    with pytest.raises(ChatError, match="reply_not_live"):
        request_stop(reply.dialog.user_id, reply.pk)


def test_siblings_are_kept_and_one_can_be_chosen(reply):
    claim_replies("w1", 1)
    finish_reply(reply.pk, 1, DONE)
    user_id, again = reply.dialog.user_id, uuid4()
    dialog = regenerate_reply(user_id, reply.dialog_id, again)
    assert regenerate_reply(user_id, reply.dialog_id, again).pk == dialog.pk
    second = dialog.replies.get(number=2)
    claim_replies("w1", 1)
    finish_reply(second.pk, 1, ReplyEnd(ReplyState.DONE, "두 번째 답이에요."))
    assert choose_reply(user_id, reply.pk).ai_message == DONE.text
    assert dialog.replies.count() == 2


def test_a_live_reply_cannot_be_chosen(reply):
    with pytest.raises(ChatError, match="reply_not_choosable"):
        choose_reply(reply.dialog.user_id, reply.pk)


def test_a_failed_regeneration_leaves_the_answer_that_stood(reply):
    claim_replies("w1", 1)
    finish_reply(reply.pk, 1, DONE)
    dialog = regenerate_reply(reply.dialog.user_id, reply.dialog_id, uuid4())
    second = dialog.replies.get(number=2)
    claim_replies("w1", 1)
    finish_reply(second.pk, 1, ReplyEnd(ReplyState.FAILED, error_code="engine_error"))
    dialog.refresh_from_db()
    assert (dialog.ai_message, dialog.chosen_reply_id) == (DONE.text, reply.pk)


def test_a_reply_queued_too_long_expires_with_a_code(reply):
    Reply.objects.filter(pk=reply.pk).update(dt_queued=timezone.now() - timedelta(hours=7))
    assert (expire_queued_replies(), expire_queued_replies()) == (1, 0)
    reply.refresh_from_db()
    assert (reply.state, reply.error_code) == ("failed", "queue_expired")


def test_positions_count_from_the_front_of_the_line(reply):
    other = build_user("bada")
    second = accept_message(other.pk, build_room(other).pk, uuid4(), "저도요").replies.get()
    assert list_positions({reply.pk, second.pk}) == {reply.pk: 1, second.pk: 2}


def test_a_crisis_turn_keeps_the_safety_prompt_on():
    user = build_user()
    room = build_room(user)
    first = accept_message(user.pk, room.pk, uuid4(), "죽고 싶어요").replies.get()
    assert claim_replies("w", 1)[0].needs_safety
    finish_reply(first.pk, 1, DONE)
    accept_message(user.pk, room.pk, uuid4(), "그냥 좀 그래요")
    assert claim_replies("w", 1)[0].needs_safety


def test_the_database_itself_refuses_a_message_to_an_ended_room(reply):
    from django.db import IntegrityError

    counsel = reply.dialog.counsel
    Counsel.objects.filter(pk=counsel.pk).update(dt_end=timezone.now())
    with pytest.raises(IntegrityError, match="takes no messages"):
        counsel.dialogs.create(user_id=counsel.user_id, seq=9, version=9, u_message="늦은 말")


def test_a_reply_left_by_its_dead_worker_can_be_stopped(reply):
    claim_replies("dead", 1)
    lapse_lease(reply)
    request_stop(reply.dialog.user_id, reply.pk)
    reply.refresh_from_db()
    assert reply.state == "stopped"
    assert not finish_reply(reply.pk, 1, DONE)


def test_a_reply_left_by_its_dead_worker_expires_in_the_end(reply):
    claim_replies("dead", 1)
    lapse_lease(reply)
    Reply.objects.filter(pk=reply.pk).update(dt_queued=timezone.now() - timedelta(hours=7))
    assert expire_queued_replies() == 1


def test_regenerating_counts_against_the_pace(reply, settings):
    settings.MARY_MESSAGES_PER_MINUTE = 1
    claim_replies("w1", 1)
    finish_reply(reply.pk, 1, DONE)
    with pytest.raises(ChatError, match="too_frequent"):
        regenerate_reply(reply.dialog.user_id, reply.dialog_id, uuid4())


def test_siblings_have_an_end(reply, settings):
    settings.MARY_REPLIES_PER_DIALOG = 1
    claim_replies("w1", 1)
    finish_reply(reply.pk, 1, DONE)
    with pytest.raises(ChatError, match="too_many_siblings"):
        regenerate_reply(reply.dialog.user_id, reply.dialog_id, uuid4())
