"""Sending is idempotent and every refusal leaves nothing behind. The nine cases follow Zulip's list."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from chat.errors import ChatError
from chat.models import Consent, Dialog, Reply
from chat.replies import accept
from chat.replies.accept import accept_message
from tests.builders import build_room, build_user

pytestmark = pytest.mark.django_db


def test_a_message_becomes_one_dialog_and_one_queued_reply():
    user = build_user()
    room = build_room(user)
    dialog = accept_message(user.pk, room.pk, uuid4(), "오늘은 조금 지쳤어요.")
    room.refresh_from_db()
    assert (dialog.seq, dialog.u_message, dialog.version) == (2, "오늘은 조금 지쳤어요.", room.version)
    assert [reply.state for reply in dialog.replies.all()] == ["queued"]


def test_the_same_message_sent_again_gives_the_same_dialog():
    user = build_user()
    room, message_id = build_room(user), uuid4()
    first = accept_message(user.pk, room.pk, message_id, "안녕")
    again = accept_message(user.pk, room.pk, message_id, "안녕")
    assert first.pk == again.pk
    assert Reply.objects.count() == 1


def test_a_repeat_is_answered_even_when_it_would_be_refused_as_new():
    user = build_user()
    room, message_id = build_room(user), uuid4()
    first = accept_message(user.pk, room.pk, message_id, "안녕")
    room.refresh_from_db()
    room.dt_end = timezone.now()
    room.save()
    assert accept_message(user.pk, room.pk, message_id, "안녕").pk == first.pk


@pytest.mark.parametrize("change", ["text", "room"])
def test_an_id_reused_for_another_message_is_refused(change):
    user = build_user()
    room, message_id = build_room(user), uuid4()
    accept_message(user.pk, room.pk, message_id, "안녕")
    other = build_room(user) if change == "room" else room
    with pytest.raises(ChatError) as refusal:
        accept_message(user.pk, other.pk, message_id, "안녕" if change == "room" else "잘 가")
    assert refusal.value.code == "client_msg_id_reused"
    assert Dialog.objects.exclude(client_msg_id=None).count() == 1


def test_two_users_may_use_the_same_id():
    message_id = uuid4()
    for login_id in ("haneul", "bada"):
        user = build_user(login_id)
        accept_message(user.pk, build_room(user).pk, message_id, "안녕")
    assert Dialog.objects.filter(client_msg_id=message_id).count() == 2


def test_a_validation_error_stores_nothing_and_the_id_stays_free():
    user = build_user()
    room, message_id = build_room(user), uuid4()
    with pytest.raises(ChatError, match="message_empty"):
        accept_message(user.pk, room.pk, message_id, " \n ")
    assert accept_message(user.pk, room.pk, message_id, "이제 적었어요").seq == 2


def test_an_error_in_the_middle_stores_nothing_and_a_retry_succeeds(monkeypatch):
    user = build_user()
    room, message_id = build_room(user), uuid4()
    with monkeypatch.context() as broken:
        broken.setattr(accept, "notify_workers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            accept_message(user.pk, room.pk, message_id, "안녕")
    assert not Dialog.objects.filter(client_msg_id=message_id).exists()
    assert accept_message(user.pk, room.pk, message_id, "안녕").seq == 2


def test_an_answer_lost_after_the_commit_is_given_again(monkeypatch):
    user = build_user()
    room, message_id = build_room(user), uuid4()
    stored = accept_message(user.pk, room.pk, message_id, "안녕")  # its answer never reached the client
    assert accept_message(user.pk, room.pk, message_id, "안녕").version == stored.version


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_row_and_one_reply():
    user = build_user()
    room, message_id = build_room(user), uuid4()
    outcomes: list[object] = []

    def send() -> None:
        try:
            outcomes.append(accept_message(user.pk, room.pk, message_id, "안녕").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 50
    assert len(set(outcomes)) == 1
    assert Reply.objects.count() == 1


def test_someone_elses_room_is_not_found():
    room = build_room(build_user("haneul"))
    with pytest.raises(ChatError, match="not_found"):
        accept_message(build_user("bada").pk, room.pk, uuid4(), "안녕")


@pytest.mark.parametrize("consents", [(), ("service",), ("sensitive",), ("training", "human_review", "overseas")])
def test_without_both_consents_no_message_is_stored(consents):
    user = build_user()
    room = build_room(user)
    Consent.objects.exclude(kind__in=consents).delete()
    with pytest.raises(ChatError, match="consent_required"):
        accept_message(user.pk, room.pk, uuid4(), "안녕")
    assert Dialog.objects.exclude(u_message="").count() == 0


def test_an_ended_room_takes_no_message():
    user = build_user()
    room = build_room(user)
    room.dt_end = timezone.now()
    room.save()
    with pytest.raises(ChatError, match="room_ended"):
        accept_message(user.pk, room.pk, uuid4(), "안녕")


def test_a_room_that_is_being_answered_is_busy():
    user = build_user()
    room = build_room(user)
    accept_message(user.pk, room.pk, uuid4(), "하나")
    with pytest.raises(ChatError, match="room_busy"):
        accept_message(user.pk, room.pk, uuid4(), "둘")


def test_a_third_waiting_reply_is_refused():
    user = build_user()
    for _ in range(2):
        accept_message(user.pk, build_room(user).pk, uuid4(), "안녕")
    with pytest.raises(ChatError, match="too_many_queued"):
        accept_message(user.pk, build_room(user).pk, uuid4(), "안녕")


def test_more_messages_a_minute_than_allowed_are_refused_with_a_time(settings):
    settings.MARY_MESSAGES_PER_MINUTE = 1
    user = build_user()
    accept_message(user.pk, build_room(user).pk, uuid4(), "안녕")
    with pytest.raises(ChatError, match="too_frequent") as refusal:
        accept_message(user.pk, build_room(user).pk, uuid4(), "안녕")
    assert 50 < (refusal.value.retry_after_seconds or 0) <= 60


def test_a_full_queue_says_so(settings):
    settings.MARY_QUEUED_REPLIES_TOTAL = 1
    first, second = build_user("haneul"), build_user("bada")
    accept_message(first.pk, build_room(first).pk, uuid4(), "안녕")
    with pytest.raises(ChatError, match="queue_full"):
        accept_message(second.pk, build_room(second).pk, uuid4(), "안녕")


def test_a_crisis_message_is_stored_with_its_level():
    user = build_user()
    dialog = accept_message(user.pk, build_room(user).pk, uuid4(), "죽고 싶어요. 오늘 끝내려고 해요.")
    assert dialog.crisis_level >= 2
    assert "suicide" in dialog.crisis_kinds
