"""The documents lag behind nothing: frames, fields, codes, settings, refusals and links are checked from the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from django.conf import settings

from chat import frames
from chat.api import shapes
from chat.api.documented import REFUSALS
from chat.consumers import ROOMS_PER_SOCKET
from chat.errors import MESSAGES
from chat.inference import worker
from chat.live.pace import PATIENCE
from chat.live.room_changes import CATCH_UP_DIALOGS
from chat.replies import text_limits
from chat.replies.claim import LEASE
from mymary_site.stack import refusals
from mymary_site.stack.programs import DAPHNE_FRAME_BYTES
from tests.architecture.source_tree import REPOSITORY, list_modules, list_strings

FRAME_TYPE = re.compile(r"(?:room|message|reply|dialog)\.[a-z]+|hello|pong|error")
VARIABLE = re.compile(r"MARY_[A-Z0-9_]+|DATABASE_URL|REDIS_URL|PORT|DJANGO_SETTINGS_MODULE|NO_COLOR")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)")
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])


@cache
def read_document(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def list_missing(words: set[str], *documents: str) -> set[str]:
    """Words that stand in none of the documents as `word`."""
    text = "".join(read_document(name) for name in documents)
    return {word for word in words if f"`{word}`" not in text}


def list_variables_in_code() -> set[str]:
    found = {text for name in list_modules() for text in list_strings(name) if VARIABLE.fullmatch(text)}
    return found | {name for name in dir(settings) if name.startswith("MARY_")}


def test_every_frame_stands_in_the_protocol():
    sent = {
        text
        for name in ("chat.consumers", "chat.live.room_view")
        for text in list_strings(name)
        if FRAME_TYPE.fullmatch(text)
    }
    assert len(sent) >= 14
    assert list_missing(sent | frames.READERS.keys(), "docs/protocol.md") == set()


def test_every_field_of_a_frame_from_a_client_stands_in_the_protocol():
    fields = {name for body in get_args(frames.Body) for name in body.__dataclass_fields__} - {"cursors"}
    assert list_missing(fields | {"ref", "replies", "attempt", "offset"}, "docs/protocol.md") == set()


def test_every_field_of_what_a_server_sends_stands_in_the_protocol():
    dialog = (shapes.DialogShape, shapes.ReplyShape, shapes.FeedbackShape)
    card = (shapes.Crisis, shapes.CrisisCard, shapes.CrisisLine)
    fields = {name for shape in (*dialog, *card) for name in shape().fields}
    assert list_missing(fields, "docs/protocol.md") == set()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (frames.REF_CHARACTERS, "at most {} code points without lone surrogates"),
        (frames.FOLLOWED_REPLIES, "at most {} objects"),
        (frames.BIGGEST_VERSION, "whole number from 0 to {}"),
        (text_limits.MAX_CHARACTERS, "1 to {} characters as people count them"),
        (text_limits.MAX_CODE_POINTS, "at most {} code points"),
        (settings.MARY_FRAME_BYTES, "A frame of more than **{} bytes**"),
        (DAPHNE_FRAME_BYTES, "A message above {} bytes"),
        (settings.MARY_FRAMES_PER_10_SECONDS, "At most {} frames in any 10 seconds"),
        (settings.MARY_FRAMES_PER_10_SECONDS * PATIENCE + 1, "The {}st frame within 10 seconds"),
        (settings.MARY_MESSAGES_PER_MINUTE, "more than {} messages in a minute"),
        (settings.MARY_QUEUED_REPLIES_TOTAL, "{} replies wait, over all users"),
        (ROOMS_PER_SOCKET, "follows at most {} rooms"),
        (CATCH_UP_DIALOGS, "more than {} dialogs changed"),
        (int(LEASE.total_seconds()), "under a lease of {} s"),
        (int(worker.HEARTBEAT_SECONDS), "which it renews every {} s"),
        (int(worker.DRAIN_SECONDS), "could not finish within {} s"),
        (settings.MARY_TOKEN_LOG_SECONDS // 60, "{} minutes after a reply began"),
    ],
)
def test_the_bounds_in_the_protocol_are_those_of_the_code(number, sentence):
    assert sentence.format(f"{number:,}") in read_document("docs/protocol.md").replace("\n", " ")


def test_every_error_code_is_documented_and_no_other():
    assert list_missing(set(MESSAGES), "docs/protocol.md", "docs/api.md") == set()
    _, _, of_sockets = read_document("docs/protocol.md").partition("## Error codes")
    _, _, of_api = read_document("docs/api.md").partition("## Errors")
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", of_sockets + of_api, re.MULTILINE))
    assert rows == set(MESSAGES)


def test_every_status_of_the_api_is_documented():
    assert {status for status in REFUSALS if f"| {status} |" not in read_document("docs/api.md")} == set()


def test_every_setting_is_documented_and_no_other():
    assert list_missing(list_variables_in_code(), "docs/settings.md") == set()
    rows = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", read_document("docs/settings.md"), re.MULTILINE))
    assert rows <= list_variables_in_code()


def test_every_refusal_of_the_launcher_is_documented():
    codes = {text for text in list_strings(refusals.__name__) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)}
    assert len(codes) > 8
    assert list_missing(codes, "docs/operations.md") == set()


def list_anchors(document: Path) -> set[str]:
    """Headings as the addresses that GitHub gives them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for place, anchor in LINK.findall(text):
        target = document.parent / place if place else document
        assert target.exists(), place
        assert not anchor or anchor in list_anchors(target), f"{place}#{anchor}"


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", read_document("docs/protocol.md"), re.DOTALL))
def test_the_examples_are_programs(block):
    compile(block, "docs/protocol.md", "exec")
