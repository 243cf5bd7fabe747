"""The rules of static/chat/js/store.js, run in the browser that they are written for."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.visitor import Visitor

SET_UP = """
const { RoomStore } = await import("mary/store");
const store = new RoomStore();
const reply = (state, attempt, text = "") => ({ id: "r", number: 1, state, attempt, text });
const dialog = (version, ...replies) => ({ id: "d", seq: 2, version, replies });
const delta = (offset, text, attempt = 1) => store.append({ reply_id: "r", attempt, offset, text });
const live = () => store.upsert(dialog(1, reply("running", 1)));
const shown = () => store.live.get("r")?.text;
"""


@pytest.fixture
def run(make_visitor: Any) -> Any:
    page: Page = make_visitor().page
    page.goto("/accounts/login/")
    return lambda code: page.evaluate(f"async () => {{ {SET_UP} {code} }}")


def test_an_older_dialog_is_ignored(run: Any) -> None:
    assert run("store.upsert(dialog(5)); return [store.upsert(dialog(4)), store.dialogs.get('d').version]") == [
        False,
        5,
    ]


def test_deltas_join_by_code_points_and_a_repeat_adds_nothing(run: Any) -> None:
    code = "live(); delta(0, '안🙂'); delta(0, '안🙂'); delta(1, '🙂녕'); return shown()"
    assert run(code) == "안🙂녕"


def test_a_gap_is_told_and_changes_nothing(run: Any) -> None:
    code = "live(); delta(0, '가'); return [delta(2, '다'), shown()]"
    assert run(code) == ["gap", "가"]


def test_a_new_attempt_voids_the_text_of_the_older_one(run: Any) -> None:
    code = "live(); delta(0, '가나'); delta(0, '다', 2); return [shown(), delta(2, '라', 1)]"
    assert run(code) == ["다", "ignored"]


def test_the_cursor_names_attempt_and_offset(run: Any) -> None:
    code = "store.upsert(dialog(1, reply('queued', 0))); delta(0, '🙂🙂', 1); return store.listCursors()"
    assert run(code) == [{"reply_id": "r", "attempt": 1, "offset": 2}]


def test_a_finished_reply_leaves_no_live_text(run: Any) -> None:
    code = "live(); delta(0, '가'); store.upsert(dialog(2, reply('done', 1, '가나')))"
    assert run(f"{code}; return [shown() ?? null, delta(1, '나')]") == [None, "ignored"]


def test_waits_grow_with_full_jitter_up_to_fifteen_seconds(make_visitor: Any) -> None:
    visitor: Visitor = make_visitor()
    visitor.page.goto("/accounts/login/")
    longest = "[0, 1, 3, 9].map((failures) => waitBefore(failures, () => 1))"
    code = f"async () => {{ const {{ waitBefore }} = await import('mary/socket'); return {longest} }}"
    assert visitor.page.evaluate(code) == [500, 1000, 4000, 15_000]
