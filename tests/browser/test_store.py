"""The rules of the scripts that need no page: store, outbox, limits, waits; in the browser they are written for."""

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


def test_a_change_before_the_loaded_history_leaves_no_hole(run: Any) -> None:
    code = """
    const turn = (id, seq) => ({ id, seq, version: seq, replies: [] });
    store.takeHistory({ version: 9, has_more: true, dialogs: [turn("h", 8), turn("i", 9)] }, { isNewest: true });
    const taken = [store.upsert(turn("a", 2)), store.upsert(turn("j", 10))];
    store.takeHistory({ version: 10, has_more: false, dialogs: [turn("g", 7)] }, { isNewest: false });
    return [taken, store.listDialogs().map(({ seq }) => seq), store.upsert(turn("a", 2))]
    """
    assert run(code) == [[False, True], [7, 8, 9, 10], True]


@pytest.mark.parametrize(
    ("text", "is_too_long"),
    [
        ("'가'.repeat(2000)", False),
        ("'가'.repeat(2001)", True),
        ("'👨‍👩‍👧‍👦'.repeat(1142)", False),  # 7 code points each: 7,994
        ("'👨‍👩‍👧‍👦'.repeat(1143)", True),  # 8,001
        ("'각'.normalize('NFD').repeat(2000)", False),
        ("('e' + '\\u0301'.repeat(30)).repeat(300)", True),
    ],
)
def test_a_text_that_the_server_would_refuse_for_its_length_is_known(run: Any, text: str, is_too_long: bool) -> None:
    assert run(f"return (await import('mary/limits')).isTooLong({text}, 2000)") is is_too_long


OUTBOX = """
const { Outbox } = await import("mary/outbox");
const { openShelf } = await import("mary/keepsakes");
const sent = [];
const open = () => new Outbox({
  shelf: openShelf("u", "outbox:r"), onChange() {}, deliver: ({ text }) => sent.push(text),
  findFault: (text) => (text === "long" ? { code: "message_too_long", message: "!" } : null),
});
"""


def test_two_tabs_keep_each_others_unsent_messages(run: Any) -> None:
    code = f"{OUTBOX} const tabs = [open(), open()]; tabs[0].add('a'); tabs[1].add('b')"
    assert run(f"{code}; return open().items.map(({{ text }}) => text).sort()") == ["a", "b"]


def test_what_exceeds_the_limit_stays_with_its_reason_and_is_never_sent(run: Any) -> None:
    code = (
        f"{OUTBOX} open().add('long'); const later = open(); later.flush(); later.retry(later.items[0].client_msg_id)"
    )
    assert run(f"{code}; return [sent, later.items[0].text, later.items[0].error.code]") == [
        [],
        "long",
        "message_too_long",
    ]


def test_waits_grow_with_full_jitter_up_to_fifteen_seconds(make_visitor: Any) -> None:
    visitor: Visitor = make_visitor()
    visitor.page.goto("/accounts/login/")
    longest = "[0, 1, 3, 9].map((failures) => waitBefore(failures, () => 1))"
    code = f"async () => {{ const {{ waitBefore }} = await import('mary/retry'); return {longest} }}"
    assert visitor.page.evaluate(code) == [500, 1000, 4000, 15_000]
