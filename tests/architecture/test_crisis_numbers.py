"""Numbers that must never be shown as help: 1393 was merged into 109; 988 and 911 are other countries'."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import REPOSITORY, list_modules, list_strings

FORBIDDEN = re.compile(r"(?<![\d.#])(?:1393|988|911)(?![\d.%])")
SHOWN = {
    "templates": (".html", ".txt"),
    "static": (".js", ".html", ".json", ".webmanifest"),
    "locale": (".po",),
    "chat/prompts": (".md", ".gbnf"),
    "chat/consent_texts": (".md",),
    "chat/seeds": (".toml", ".json", ".md"),
    "chat/understanding": (".toml", ".json", ".md"),
}
KNOWS_THEM_TO_STOP_THEM = {"chat.tone.phone_guard"}


def list_shown() -> Iterator[tuple[str, str]]:
    for folder, endings in SHOWN.items():
        for file in (REPOSITORY / folder).rglob("*"):
            if file.suffix in endings:
                yield str(file.relative_to(REPOSITORY)), file.read_text(encoding="utf-8")
    for name in list_modules().keys() - KNOWS_THEM_TO_STOP_THEM:
        yield name, "\n".join(list_strings(name))
    for name in ("README.md", "README.ko.md"):
        yield name, (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("place", "text"), [pytest.param(*shown, id=shown[0]) for shown in list_shown()])
def test_no_text_that_people_or_lms_read_names_a_wrong_line(place, text):
    assert FORBIDDEN.findall(text) == []


@pytest.mark.parametrize(
    ("text", "is_found"), [("1393에 전화", True), ("tel:988", True), ("19110", False), ("#911", False)]
)
def test_the_search_finds_numbers_and_not_parts_of_others(text, is_found):
    assert bool(FORBIDDEN.search(text)) is is_found
