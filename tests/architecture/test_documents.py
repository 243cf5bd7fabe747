"""The documents lag behind nothing: frames, fields, codes, settings, refusals and links are checked from the code."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import pytest
from django.conf import settings
from source_tree import REPOSITORY, list_modules, list_strings

from chat import frames
from chat.api import shapes
from chat.api.documented import REFUSALS
from chat.errors import MESSAGES
from mymary_site.stack import refusals

FRAME_TYPE = re.compile(r"(?:room|message|reply|dialog)\.[a-z]+|hello|pong|error")
VARIABLE = re.compile(r"MARY_[A-Z0-9_]+|DATABASE_URL|REDIS_URL|PORT|DJANGO_SETTINGS_MODULE|NO_COLOR")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
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
    shown = (shapes.DialogShape, shapes.ReplyShape, shapes.FeedbackShape, shapes.Crisis, shapes.CrisisCard, shapes.CrisisLine)
    fields = {name for shape in shown for name in shape().fields}
    assert list_missing(fields, "docs/protocol.md") == set()


def test_every_error_code_is_documented_and_no_other():
    assert list_missing(set(MESSAGES), "docs/protocol.md", "docs/api.md") == set()
    rows = re.findall(r"^\| `([a-z_]+)` \|", read_document("docs/protocol.md") + read_document("docs/api.md"), re.MULTILINE)
    codes = set(re.findall(r"^\| `([a-z_]+)` \| [1-5]\d\d \|", read_document("docs/api.md"), re.MULTILINE))
    assert codes <= set(MESSAGES)
    assert set(MESSAGES) & set(rows)


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(document):
    links = LINK.findall(re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", read_document("docs/protocol.md"), re.DOTALL))
def test_the_examples_are_programs(block):
    compile(block, "docs/protocol.md", "exec")
