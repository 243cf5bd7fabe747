"""With which adapter a reply is written."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chat.inference.writing import choose_adapter

ENGINE = SimpleNamespace(lm="tiny", adapters=frozenset({"mary@1"}))


@pytest.mark.parametrize(
    ("adapter", "needs_safety", "chosen"),
    [
        ("mary@1", False, "mary@1"),
        ("mary@1", True, ""),  # the safety prompt is written for the bare lm
        ("mary@2", False, ""),  # this engine does not have it
        ("", False, ""),
    ],
)
def test_the_characters_adapter_speaks_where_it_is_loaded_and_never_under_the_safety_prompt(
    adapter: str, needs_safety: bool, chosen: str
) -> None:
    character = SimpleNamespace(adapter=adapter, key="mary")
    claimed = SimpleNamespace(character=character, adapter=adapter, needs_safety=needs_safety)
    assert choose_adapter(claimed, ENGINE) == chosen


def test_a_tried_adapter_that_is_not_loaded_gives_way_to_the_live_one() -> None:
    character = SimpleNamespace(adapter="mary@1", key="mary")
    claimed = SimpleNamespace(character=character, adapter="mary@9", needs_safety=False)
    assert choose_adapter(claimed, ENGINE) == "mary@1"
