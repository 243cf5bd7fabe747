"""The words that the scripts ask for are there, and nobody writes words that no script says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from chat.models import FeedbackReason
from chat.page_words import (
    REASONS_DOWN,
    REASONS_UP,
    list_feedback_reasons,
    list_picker_words,
    list_privacy_words,
    list_room_words,
)
from mymary_site.env import REPOSITORY

SCRIPTS = REPOSITORY / "static" / "chat" / "js"
ENTRIES = {"room.js": list_room_words, "characters.js": list_picker_words, "privacy.js": list_privacy_words}
ASKED = re.compile(r'"([a-z]+(?:_[a-z]+)*)"')
THUMBS = {"thumb_up", "thumb_down"}  # asked for as `thumb_${value}`


def read_with_imports(name: str, seen: set[str] | None = None) -> dict[str, str]:
    """Source of a script and of every module of ours that it brings along."""
    seen = seen if seen is not None else set()
    if name in seen:
        return {}
    seen.add(name)
    source = (SCRIPTS / name).read_text(encoding="utf-8")
    found = {name: source}
    for imported in re.findall(r'from "mary/([a-z]+)"', source):
        found |= read_with_imports(f"{imported}.js", seen)
    return found


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_word_a_script_asks_for_is_written(entry: str) -> None:
    calls = re.compile(r'\bt\((?:[^()"]*\? )?"(\w+)"(?: : "(\w+)")?')
    asked = {
        key for source in read_with_imports(entry).values() for match in calls.findall(source) for key in match if key
    }
    shared = asked - set(ENTRIES[entry]())
    assert not shared, f"{entry} would find no wording for {shared}"


def test_no_word_is_written_in_vain() -> None:
    said = {key for path in SCRIPTS.glob("*.js") for key in ASKED.findall(path.read_text(encoding="utf-8"))} | THUMBS
    written = {key for words in ENTRIES.values() for key in words()}
    assert written - said == set()


def test_every_reason_stands_on_one_side() -> None:
    assert sorted(REASONS_UP + REASONS_DOWN) == sorted(FeedbackReason)
    assert {side: len(reasons) for side, reasons in list_feedback_reasons().items()} == {
        "up": len(REASONS_UP),
        "down": len(REASONS_DOWN),
    }


def test_the_import_map_names_every_module_and_no_other() -> None:
    text = render_to_string("chat/_import_map.html")
    imports = json.loads(text[text.index("{") : text.rindex("}") + 1])["imports"]
    modules = {
        Path(name).stem
        for source in SCRIPTS.glob("*.js")
        for name in re.findall(r'from "(mary/\w+)"', source.read_text())
    }
    assert {name.removeprefix("mary/") for name in imports if name.startswith("mary/")} == modules
    assert all((SCRIPTS / f"{module}.js").is_file() for module in modules)
