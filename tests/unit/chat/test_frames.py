"""What the parser takes, and the code with which it refuses the rest."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.frames import (
    BIGGEST_VERSION,
    FOLLOWED_REPLIES,
    REF_CHARACTERS,
    ChooseReply,
    CloseRoom,
    Frame,
    FrameRefused,
    OpenRoom,
    Ping,
    RegenerateReply,
    ReplyCursor,
    SendMessage,
    StopReply,
    parse_frame,
)

ROOM = UUID("0b6e2f64-9f2c-4c7e-8f0e-6b6f4f0a1c11")
OTHER = UUID("7d1a52c3-5a0e-4b63-9a43-3f5f0f0f2b22")
LIMIT = 65_536


def parse(text: str) -> Frame:
    return parse_frame(text, frame_bytes=LIMIT)


def parse_fields(**fields: Any) -> Frame:
    return parse(json.dumps(fields, ensure_ascii=False))


def outcome_of(text: str) -> str:
    try:
        parse(text)
    except FrameRefused as refusal:
        return refusal.code
    return "frame"


def refusal_of(text: str) -> tuple[str, str | None]:
    with pytest.raises(FrameRefused) as caught:
        parse(text)
    return caught.value.code, caught.value.ref


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"type": "room.open", "counsel_id": str(ROOM)}, OpenRoom(ROOM, 0, ())),
        ({"type": "room.close", "counsel_id": str(ROOM)}, CloseRoom(ROOM)),
        (
            {"type": "message.send", "counsel_id": str(ROOM), "client_msg_id": str(OTHER), "text": "안녕"},
            SendMessage(ROOM, OTHER, "안녕"),
        ),
        (
            {"type": "reply.regenerate", "dialog_id": str(ROOM), "client_msg_id": str(OTHER)},
            RegenerateReply(ROOM, OTHER),
        ),
        ({"type": "reply.stop", "reply_id": str(ROOM)}, StopReply(ROOM)),
        ({"type": "reply.choose", "reply_id": str(ROOM)}, ChooseReply(ROOM)),
        ({"type": "ping"}, Ping()),
    ],
)
def test_each_frame_becomes_its_own_type(fields, body):
    assert parse_fields(**fields) == Frame(None, body)


def test_a_returning_client_names_its_version_and_what_it_shows_of_live_replies():
    cursor = {"reply_id": str(OTHER), "attempt": 2, "offset": 17}
    frame = parse_fields(type="room.open", counsel_id=str(ROOM), version=9, replies=[cursor], ref="r1")
    assert frame == Frame("r1", OpenRoom(ROOM, 9, (ReplyCursor(OTHER, 2, 17),)))


def test_unknown_fields_are_ignored_so_that_newer_clients_are_served():
    assert parse_fields(type="ping", mood="calm") == Frame(None, Ping())


def test_ids_are_read_in_either_case():
    assert parse_fields(type="reply.stop", reply_id=str(ROOM).upper()).body == StopReply(ROOM)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 20_000, "bad_json"),
        ("9" * 5_000, "bad_json"),  # more digits than Python reads
        ("[]", "not_an_object"),
        ('"ping"', "not_an_object"),
        ("null", "not_an_object"),
        ("{}", "unknown_type"),
        ('{"type": ["ping"]}', "unknown_type"),
        ('{"type": "PING"}', "unknown_type"),
    ],
)
def test_what_is_no_frame_is_refused_with_its_code(text, code):
    assert refusal_of(text) == (code, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "room.open"},
        {"type": "room.open", "counsel_id": ROOM.hex},  # without hyphens
        {"type": "room.open", "counsel_id": f"{{{ROOM}}}"},
        {"type": "room.open", "counsel_id": str(ROOM), "version": -1},
        {"type": "room.open", "counsel_id": str(ROOM), "version": True},
        {"type": "room.open", "counsel_id": str(ROOM), "version": 1.0},
        {"type": "room.open", "counsel_id": str(ROOM), "version": None},
        {"type": "room.open", "counsel_id": str(ROOM), "version": BIGGEST_VERSION + 1},
        {"type": "room.open", "counsel_id": str(ROOM), "replies": {}},
        {"type": "room.open", "counsel_id": str(ROOM), "replies": ["x"]},
        {"type": "room.open", "counsel_id": str(ROOM), "replies": [{"reply_id": str(OTHER)}] * (FOLLOWED_REPLIES + 1)},
        {"type": "message.send", "counsel_id": str(ROOM), "client_msg_id": str(OTHER), "text": 7},
        {"type": "message.send", "counsel_id": str(ROOM), "text": "안녕"},
        {"type": "reply.stop", "reply_id": 7},
    ],
)
def test_a_missing_or_malformed_field_is_refused_and_the_ref_given_back(fields):
    assert refusal_of(json.dumps(fields | {"ref": "r7"})) == ("bad_field", "r7")


@pytest.mark.parametrize("ref", [7, [], "r" * (REF_CHARACTERS + 1), "\ud800"])  # the last one is half a character
def test_a_ref_that_is_no_short_text_is_not_given_back(ref):
    assert refusal_of(json.dumps({"type": "ping", "ref": ref})) == ("bad_field", None)


def test_the_limit_counts_bytes_and_the_limit_itself_still_passes():
    frame = '{"type":"ping","x":"가"}'  # 가 is three bytes
    size = len(frame) + 2
    assert parse_frame(frame, frame_bytes=size) == Frame(None, Ping())
    with pytest.raises(FrameRefused, match="too_large"):
        parse_frame(frame, frame_bytes=size - 1)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(
    ["ref", "counsel_id", "version", "replies", "client_msg_id", "text", "reply_id", "dialog_id"]
)
KINDS = st.sampled_from(["room.open", "room.close", "message.send", "reply.regenerate", "reply.stop", "ping", "?"])
IDS = st.uuids().map(str)


@given(KINDS, st.dictionaries(FIELD_NAMES, JSON_VALUES | IDS, max_size=6))
def test_whatever_the_fields_hold_the_answer_is_a_frame_or_a_code(kind, fields):
    assert outcome_of(json.dumps(fields | {"type": kind})) in {"frame", "bad_field", "unknown_type", "bad_json"}


@given(st.text(max_size=60))
def test_any_text_at_all_gets_a_code(text):
    assert outcome_of(text) in {"frame", "bad_json", "not_an_object", "unknown_type"}
