"""Opening, renaming, ending and deleting rooms: what changes, for whom, and what each leaves behind."""

import pytest
from django.db import transaction

from chat.errors import ChatError
from chat.models import Counsel, Dialog, Feedback, Reply
from chat.rooms.delete import delete_counsel
from chat.rooms.end import end_counsel
from chat.rooms.feedback import give_feedback, withdraw_feedback
from chat.rooms.open import open_counsel
from chat.rooms.rename import rename_counsel
from tests.builders import build_character, build_reply, build_room, build_turn, build_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def room_nudges(monkeypatch):
    sent = []
    for module in ("rename", "end", "delete", "feedback"):
        monkeypatch.setattr(f"chat.rooms.{module}.nudge_room", lambda user_id, counsel_id: sent.append(counsel_id))
    return sent


def test_a_new_room_begins_with_one_of_the_greetings():
    character = build_character()
    counsel = open_counsel(build_user(), character)
    greeting = Dialog.objects.get(counsel=counsel)
    assert (greeting.seq, greeting.version, greeting.u_message) == (1, 1, "")
    assert greeting.ai_message in character.greetings


def test_renaming_gives_the_room_a_newer_version(room_nudges):
    counsel = build_room(build_user())
    renamed = rename_counsel(counsel.user_id, counsel.pk, "잠 못 드는 밤")
    assert (renamed.title, renamed.version) == ("잠 못 드는 밤", 2)
    assert room_nudges == [counsel.pk]


def test_an_ended_room_takes_no_more_turns():
    counsel = build_room(build_user())
    end_counsel(counsel.user_id, counsel.pk)
    with pytest.raises(Exception, match="takes no messages"), transaction.atomic():
        build_turn(Counsel.objects.get(pk=counsel.pk))


def test_ending_twice_is_the_same_as_once(room_nudges):
    counsel = build_room(build_user())
    first = end_counsel(counsel.user_id, counsel.pk)
    second = end_counsel(counsel.user_id, counsel.pk)
    assert (second.dt_end, second.version) == (first.dt_end, first.version)
    assert room_nudges == [counsel.pk]


def test_ending_stops_a_queued_reply():
    counsel = build_room(build_user())
    reply = build_reply(build_turn(counsel), text="", state="queued")
    end_counsel(counsel.user_id, counsel.pk)
    assert Reply.objects.get(pk=reply.pk).state == "stopped"


def test_ending_asks_the_worker_to_stop_a_running_reply():
    counsel = build_room(build_user())
    reply = build_reply(build_turn(counsel), text="", state="running")
    end_counsel(counsel.user_id, counsel.pk)
    assert Reply.objects.get(pk=reply.pk).dt_stop_requested is not None


def test_deleting_leaves_no_turn_and_no_reply(room_nudges):
    counsel = build_room(build_user())
    build_reply(build_turn(counsel))
    delete_counsel(counsel.user_id, counsel.pk)
    assert (Counsel.objects.count(), Dialog.objects.count(), Reply.objects.count()) == (0, 0, 0)
    assert room_nudges == [counsel.pk]


@pytest.mark.parametrize("verb", [delete_counsel, end_counsel, lambda *ids: rename_counsel(*ids, "내 방")])
def test_another_ones_room_is_not_found(verb):
    counsel, other = build_room(build_user()), build_user("other1")
    with pytest.raises(ChatError, match="not_found"):
        verb(other.pk, counsel.pk)
    assert Counsel.objects.get().version == counsel.version


def test_feedback_makes_its_turn_newer_than_what_other_tabs_hold(room_nudges):
    counsel = build_room(build_user())
    reply = build_reply(build_turn(counsel))
    give_feedback(counsel.user_id, reply.pk, "up", ["warm"], "고마워요")
    counsel.refresh_from_db()
    assert Dialog.objects.get(pk=reply.dialog_id).version == counsel.version == 3
    assert room_nudges == [counsel.pk]


def test_second_feedback_replaces_the_first_and_withdrawing_removes_it():
    counsel = build_room(build_user())
    reply = build_reply(build_turn(counsel))
    give_feedback(counsel.user_id, reply.pk, "up", ["warm"], "")
    give_feedback(counsel.user_id, reply.pk, "down", [], "다시 보니 아쉬워요")
    assert Feedback.objects.values_list("value", "reasons", "comment").get() == ("down", [], "다시 보니 아쉬워요")
    withdraw_feedback(counsel.user_id, reply.pk)
    withdraw_feedback(counsel.user_id, reply.pk)
    assert not Feedback.objects.exists()
