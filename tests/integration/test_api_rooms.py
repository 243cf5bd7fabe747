"""Rooms and turns over REST: shapes, paging, search, and what the same room says about its version."""

import pytest

from chat.api.payloads import dump_dialog, list_dialogs
from chat.models import Counsel, ReplyState
from tests.builders import build_character, build_reply, build_room, build_turn, build_user

pytestmark = pytest.mark.django_db

COUNSEL_KEYS = {"id", "character", "title", "dt_start", "dt_end", "dt_changed", "version", "preview"}
DIALOG_KEYS = {
    "id", "counsel_id", "seq", "version", "dt_dialog", "client_msg_id", "u_message", "ai_message",
    "chosen_reply_id", "crisis", "replies",
}  # fmt: skip
REPLY_KEYS = {
    "id", "number", "state", "attempt", "text", "error", "adapter", "lm", "dt_queued", "dt_finished", "feedback"
}  # fmt: skip


@pytest.fixture
def user(client):
    user = build_user()
    client.force_login(user)
    return user


def test_a_new_room_comes_back_with_its_greeting_as_preview(client, user):
    character = build_character()
    answer = client.post("/api/v1/counsels/", {"character_id": character.pk}, content_type="application/json")
    assert answer.status_code == 201
    assert set(answer.json()) == COUNSEL_KEYS
    assert answer.json()["preview"] in character.greetings


def test_a_retired_character_takes_no_new_rooms(client, user):
    character = build_character(is_live=False)
    answer = client.post("/api/v1/counsels/", {"character_id": character.pk}, content_type="application/json")
    assert answer.json()["error"]["fields"]["character_id"][0]["code"] == "does_not_exist"


def test_rooms_come_newest_first_page_by_page(client, user):
    character = build_character()
    made = [str(build_room(user, character).pk) for _ in range(5)]
    first = client.get("/api/v1/counsels/?limit=3").json()
    second = client.get(first["next"]).json()
    assert [room["id"] for room in first["results"] + second["results"]] == made[::-1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=바다", 1), ("q=뒤척", 1), ("q=없는말", 0), ("q=%25", 0), ("state=ended", 1), ("state=open", 1)],
)
def test_search_reads_titles_and_turns_and_state_filters(client, user, query, found):
    counsel = build_room(user)
    build_reply(build_turn(counsel), "많이 뒤척였겠어요.")
    Counsel.objects.filter(pk=counsel.pk).update(title="바다 이야기", dt_end=counsel.dt_start)
    build_room(user)
    assert len(client.get(f"/api/v1/counsels/?{query}").json()["results"]) == found


def test_preview_is_the_newest_text_cut_at_80_characters(client, user):
    counsel = build_room(user)
    build_turn(counsel, "가" * 81)
    assert client.get(f"/api/v1/counsels/{counsel.pk}/").json()["preview"] == "가" * 80


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%EA%B0%80", "cursor=cD14", "state=x", "q=%00"]
)
def test_bad_queries_are_refused_not_guessed(client, user, query):
    answer = client.get(f"/api/v1/counsels/?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_rename_changes_title_and_version(client, user):
    counsel = build_room(user)
    answer = client.patch(f"/api/v1/counsels/{counsel.pk}/", {"title": "  새벽  "}, content_type="application/json")
    assert (answer.json()["title"], answer.json()["version"]) == ("새벽", 2)


def test_ended_room_shows_when_it_ended(client, user):
    counsel = build_room(user)
    assert client.post(f"/api/v1/counsels/{counsel.pk}/end/").json()["dt_end"] is not None


def test_turns_have_the_documented_keys(client, user):
    counsel = build_room(user)
    build_reply(build_turn(counsel))
    page = client.get(f"/api/v1/counsels/{counsel.pk}/dialogs/").json()
    assert set(page) == {"version", "has_more", "dialogs"}
    assert set(page["dialogs"][1]) == DIALOG_KEYS
    assert set(page["dialogs"][1]["replies"][0]) == REPLY_KEYS


def test_history_pages_backwards_in_ascending_pages(client, user):
    counsel = build_room(user)
    for _ in range(6):
        build_turn(counsel)
    address = f"/api/v1/counsels/{counsel.pk}/dialogs/?limit=3"
    pages = [client.get(address + before).json() for before in ("", "&before_seq=5", "&before_seq=2")]
    assert [[turn["seq"] for turn in page["dialogs"]] for page in pages] == [[5, 6, 7], [2, 3, 4], [1]]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert pages[0]["version"] == 7


def test_many_turns_cost_no_more_queries_than_one(client, user, django_assert_num_queries):
    counsel = build_room(user)
    for _ in range(10):
        build_reply(build_turn(counsel))
    with django_assert_num_queries(3):
        dumped = [dump_dialog(turn) for turn in list_dialogs(counsel.pk, limit=50)]
    assert len(dumped) == 11


def test_only_turns_changed_since_a_version_are_listed():
    counsel = build_room(build_user())
    turns = [build_turn(counsel) for _ in range(3)]
    assert list_dialogs(counsel.pk, after_version=turns[1].version, limit=50) == [turns[2]]


def test_a_live_reply_shows_no_text_and_a_failed_one_its_reason(client, user):
    counsel = build_room(user)
    build_reply(build_turn(counsel), "반쯤", ReplyState.FAILED, error_code="worker_lost")
    build_reply(build_turn(counsel), "", ReplyState.RUNNING)
    turns = client.get(f"/api/v1/counsels/{counsel.pk}/dialogs/").json()["dialogs"]
    assert turns[1]["replies"][0]["error"]["code"] == "worker_lost"
    assert (turns[2]["replies"][0]["state"], turns[2]["replies"][0]["text"]) == ("running", "")


def test_a_crisis_turn_carries_its_card(client, user):
    counsel = build_room(user)
    build_turn(counsel, crisis_level=2, crisis_kinds=["suicide"])
    build_turn(counsel, crisis_level=1)
    turns = client.get(f"/api/v1/counsels/{counsel.pk}/dialogs/").json()["dialogs"]
    assert [turn["crisis"] and turn["crisis"]["level"] for turn in turns] == [None, 2, None]


def test_feedback_is_shown_with_its_reply(client, user):
    counsel = build_room(user)
    reply = build_reply(build_turn(counsel))
    given = {"value": "down", "reasons": ["cold", "awkward_korean"], "comment": " 조금 차가웠어요\n"}
    answer = client.put(f"/api/v1/replies/{reply.pk}/feedback/", given, content_type="application/json")
    turns = client.get(f"/api/v1/counsels/{counsel.pk}/dialogs/").json()["dialogs"]
    assert answer.json() == turns[1]["replies"][0]["feedback"] == given


def test_unknown_feedback_reasons_are_refused(client, user):
    reply = build_reply(build_turn(build_room(user)))
    given = {"value": "up", "reasons": ["kind"]}
    answer = client.put(f"/api/v1/replies/{reply.pk}/feedback/", given, content_type="application/json")
    assert answer.json()["error"]["fields"]["reasons.0"][0]["code"] == "invalid_choice"
