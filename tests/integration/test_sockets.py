"""The socket: what it answers, what it refuses and survives, and when it closes."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async

from chat.accounts.sessions import end_sessions
from chat.frames import READERS
from chat.models import Counsel, Reply
from chat.rooms.delete import delete_counsel
from chat.rooms.rename import rename_counsel
from mymary_site.asgi import application
from tests.builders import build_reply, build_room, build_turn, build_user
from tests.integration.live import ORIGIN, Communicator, LiveSocket, open_socket, running_worker

pytestmark = pytest.mark.django_db(transaction=True)

OWN_SOCKET_ONLY = {"room.close", "ping"}
"""Frames that name nothing stored: they touch the sender's own socket only."""
FOREIGN = [
    ("room.open", {"counsel_id": "room"}),
    ("message.send", {"counsel_id": "room", "client_msg_id": "new", "text": "안녕"}),
    ("reply.regenerate", {"dialog_id": "dialog", "client_msg_id": "new"}),
    ("reply.stop", {"reply_id": "reply"}),
    ("reply.choose", {"reply_id": "reply"}),
]


@pytest.fixture
def user():
    return build_user()


@pytest.fixture
def room(user) -> Counsel:
    return build_room(user)


async def test_a_message_streams_its_reply_and_deltas_equal_the_stored_text(user, room):
    async with running_worker(), open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk)
        dialog = await socket.say(room.pk)
        reply, streamed = await socket.see_end(dialog["id"])
    assert reply["state"] == "done"
    assert streamed == reply["text"] == (await Reply.objects.aget(pk=reply["id"])).text


async def test_two_sockets_of_one_user_see_the_same(user, room):
    async with running_worker(), open_socket(user) as one, open_socket(user) as two:
        for socket in (one, two):
            await socket.send("room.open", counsel_id=room.pk)
            await socket.receive("room.opened")
        dialog = await one.say(room.pk)
        ends = await asyncio.gather(one.see_end(dialog["id"]), two.see_end(dialog["id"]))
    assert ends[0][0] == ends[1][0]
    # Who reads late is given the stored text in place of the last deltas, or of all.
    assert all(reply["text"].startswith(text) for reply, text in ends)


async def test_a_second_socket_resumes_a_running_reply_from_its_offset(user, room):
    async with running_worker(tokens_per_second=30), open_socket(user) as first:
        await first.send("room.open", counsel_id=room.pk)
        dialog = await first.say(room.pk)
        delta = await first.receive("reply.delta")
        async with open_socket(user) as second:
            offset = len(delta["text"])
            cursor = {"reply_id": delta["reply_id"], "attempt": delta["attempt"], "offset": offset}
            await second.send("room.open", counsel_id=room.pk, version=dialog["version"] - 1, replies=[cursor])
            resumed = await second.receive("reply.delta")
    assert resumed["offset"] == offset


async def test_a_message_waits_in_line_while_no_worker_is_there_and_is_answered_later(user, room):
    async with open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk)
        dialog = await socket.say(room.pk)
        waiting = await socket.receive("reply.position")
        assert (waiting["position"], waiting["is_worker_alive"]) == (1, False)
        async with running_worker():
            reply, _ = await socket.see_end(dialog["id"])
    assert reply["state"] == "done"


async def test_stop_ends_a_reply_and_keeps_what_was_written(user, room):
    async with running_worker(tokens_per_second=20, reply_tokens=400), open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk)
        dialog = await socket.say(room.pk)
        delta = await socket.receive("reply.delta")
        await socket.send("reply.stop", reply_id=delta["reply_id"])
        ended = await socket.receive(
            "dialog.changed", where=lambda frame: frame["dialog"]["version"] > dialog["version"]
        )
    reply = ended["dialog"]["replies"][0]
    assert reply["state"] == "stopped"
    assert reply["text"].startswith(delta["text"])


async def test_a_disconnect_does_not_stop_a_reply(user, room):
    async with running_worker(tokens_per_second=60):
        async with open_socket(user) as socket:
            dialog = await socket.say(room.pk)
        async with open_socket(user) as socket:
            await socket.send("room.open", counsel_id=room.pk, version=dialog["version"] - 1)
            reply, _ = await socket.see_end(dialog["id"])
    assert reply["state"] == "done"


def test_every_frame_has_a_row_in_the_matrix():
    assert {kind for kind, _ in FOREIGN} | OWN_SOCKET_ONLY == set(READERS)


@pytest.mark.parametrize("role", ["user", "staff", "superuser"])
@pytest.mark.parametrize(("kind", "fields"), FOREIGN, ids=[kind for kind, _ in FOREIGN])
async def test_what_belongs_to_somebody_else_is_not_found(user, kind, fields, role):
    user.is_staff, user.is_superuser = role != "user", role == "superuser"
    await database_sync_to_async(user.save)()

    def build_foreign() -> dict[str, object]:
        counsel = build_room(build_user("other"))
        dialog = build_turn(counsel)
        return {"room": counsel.pk, "dialog": dialog.pk, "reply": build_reply(dialog).pk, "new": uuid4()}

    foreign = await database_sync_to_async(build_foreign)()
    async with open_socket(user) as socket:
        code = await socket.refused(kind, **{name: foreign.get(value, value) for name, value in fields.items()})
    assert code == "not_found"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ("[" * 10_000, "bad_json"),
        ("[]", "not_an_object"),
        ('{"type": "room.burn"}', "unknown_type"),
        ('{"type": "room.open", "counsel_id": "1"}', "bad_field"),
        ('{"type": "ping", "ref": "' + "x" * 70_000 + '"}', "too_large"),
    ],
    ids=["broken", "deep", "list", "unknown", "field", "large"],
)
async def test_a_malformed_frame_gets_a_code_and_the_socket_survives(user, text, code):
    async with open_socket(user) as socket:
        await socket.communicator.send_to(text_data=text)
        assert (await socket.receive("error"))["code"] == code
        await socket.send("ping", ref="alive")
        assert (await socket.receive("pong"))["ref"] == "alive"


async def test_too_many_frames_are_refused_and_a_flood_is_closed(user, settings):
    settings.MARY_FRAMES_PER_10_SECONDS = 2
    async with open_socket(user) as socket:
        for _ in range(3):
            await socket.send("ping")
        assert (await socket.receive("error"))["code"] == "too_frequent"
        for _ in range(4):
            await socket.send("ping")
        assert await closing_code(socket) == 4429


async def test_more_sockets_than_allowed_are_closed(user, settings):
    settings.MARY_SOCKETS_PER_USER = 1
    async with open_socket(user):
        with pytest.raises(AssertionError, match="4429"):
            async with open_socket(user):
                pass


async def test_ending_the_sessions_closes_the_sockets(user):
    async with open_socket(user) as socket:
        await database_sync_to_async(end_sessions)(user.pk)
        async with asyncio.timeout(5):
            assert await closing_code(socket) == 4401


@pytest.mark.parametrize("change", ["password", "is_active"])
async def test_deactivation_and_a_new_password_close_the_sockets_even_without_a_nudge(user, change):
    async with open_socket(user) as socket:
        setattr(user, change, "another" if change == "password" else False)
        await database_sync_to_async(user.save)()
        async with asyncio.timeout(5):
            assert await closing_code(socket) == 4401


async def test_nobody_gets_in_without_a_login():
    communicator = Communicator(application, "/ws/v1/", headers=[(b"origin", ORIGIN)])
    await communicator.connect()
    assert (await communicator.receive_output())["code"] == 4401
    await communicator.disconnect()


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"null", b"http://testserver:9999", b"https://testserver", None]
)
async def test_a_foreign_origin_is_refused_at_the_handshake(user, origin):
    headers = [(b"origin", origin)] if origin else []
    communicator = Communicator(application, "/ws/v1/", headers=headers)
    is_connected, _ = await communicator.connect()
    assert not is_connected
    await communicator.disconnect()


async def test_renaming_and_deleting_elsewhere_are_told(user, room):
    async with open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk)
        await socket.receive("room.opened")
        await database_sync_to_async(rename_counsel)(user.pk, room.pk, "새 이름")
        assert (await socket.receive("room.changed"))["title"] == "새 이름"
        await database_sync_to_async(delete_counsel)(user.pk, room.pk)
        assert (await socket.receive("room.gone"))["counsel_id"] == str(room.pk)


async def test_a_version_from_the_future_is_told_to_resync(user, room):
    async with open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk, version=999)
        assert (await socket.receive("room.resync"))["code"] == "unknown_version"


async def test_only_so_many_rooms_open_at_once(user):
    rooms = await database_sync_to_async(lambda: [build_room(user).pk for _ in range(5)])()
    async with open_socket(user) as socket:
        for counsel_id in rooms[:4]:
            await socket.send("room.open", counsel_id=counsel_id)
        assert await socket.refused("room.open", counsel_id=rooms[4]) == "too_many_rooms"


async def closing_code(socket: LiveSocket) -> int:
    while True:
        message = await socket.communicator.receive_output(timeout=10)
        if message["type"] == "websocket.close":
            return int(message["code"])
        json.loads(message["text"])
