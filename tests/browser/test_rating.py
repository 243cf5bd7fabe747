"""The rating screen by keyboard alone, at every width and brightness, without a complaint of the browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from playwright.sync_api import Page, expect

from mymary_site.env import REPOSITORY
from tests.browser.conftest import DESKTOP, PHONE, MakeVisitor
from tests.browser.visitor import PASSWORD, Visitor
from tests.stack_process import StackProcess

RATE = "/admin/training/reviewitem/rate/"
STYLES = [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
REPLIES = 20
SECONDS_A_REPLY = 60


@pytest.fixture
def open_expert(make_visitor: MakeVisitor, stack: StackProcess):
    """An expert with this many replies in the queue, in front of the rating screen."""

    def open_one(replies: int, size=DESKTOP, scheme: str = "light") -> Visitor:
        command = [sys.executable, "-m", "tests.stack_review", str(replies), PASSWORD]
        made = subprocess.run(command, cwd=REPOSITORY, env=stack.build_environ(), stdout=subprocess.PIPE, check=True)
        visitor = make_visitor(size, "ko", scheme)
        visitor.log_in(json.loads(made.stdout))
        visitor.page.goto(RATE)
        expect(visitor.page.locator("[data-item]")).to_be_visible()
        return visitor

    return open_one


def find_item(page: Page) -> str:
    return page.locator("[data-item]").get_attribute("data-save") or ""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def save_and_wait(page: Page) -> None:
    before = find_item(page)
    press(page, "Control+Enter")
    expect(page.locator(f'[data-save="{before}"]')).to_have_count(0)


def count_today(page: Page) -> int:
    return int(page.locator("[data-today]").inner_text())


def test_twenty_replies_are_rated_without_a_mouse(open_expert) -> None:
    page = open_expert(REPLIES).page
    began = time.monotonic()
    for number in range(REPLIES):
        if number % 4 == 0:
            press(page, "Enter", "Control+End")
            page.keyboard.type(" 그 이야기를 조금 더 들려주실래요?")
            expect(page.locator("[data-difference] ins")).to_have_count(1)
        else:
            press(page, str(number % 9 + 1), "ArrowDown", "4", "q")
        save_and_wait(page)
        assert count_today(page) == number + 1
    assert time.monotonic() - began < REPLIES * SECONDS_A_REPLY


def test_keys_mark_figures_reasons_and_answers_and_undo_brings_them_back(open_expert) -> None:
    page = open_expert(3).page
    press(page, "0", "ArrowDown", "3", "1", "1", "w", "b")
    for name, value in {"overall": "10", "natural": "3", "interesting": "1", "has_empathy": "1"}.items():
        expect(page.locator(f"[name={name}]:checked")).to_have_value(value)
    item = find_item(page)
    save_and_wait(page)
    press(page, "u")
    expect(page.locator("[data-item]")).to_have_attribute("data-save", item)
    expect(page.locator("[name=overall]:checked")).to_have_value("10")
    expect(page.locator("[name=reason]:checked")).to_have_value("misread")
    expect(page.locator("[name=preferred]:checked")).to_have_attribute("data-letter", "B")


def test_a_question_mark_shows_the_keys_and_s_skips_with_a_reason(open_expert) -> None:
    page = open_expert(2).page
    press(page, "?")
    expect(page.locator("[data-dialog=keys]")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("[data-dialog=keys]")).to_be_hidden()
    item = find_item(page)
    press(page, "s", "2")
    expect(page.locator(f'[data-save="{item}"]')).to_have_count(0)


def test_letters_in_a_text_box_stay_letters(open_expert) -> None:
    page = open_expert(1).page
    press(page, "m")
    page.keyboard.type("sux?7")
    expect(page.locator("#rate-comment")).to_have_value("sux?7")
    expect(page.locator("[data-row] input:checked, [name=preferred]:checked")).to_have_count(0)
    press(page, "Escape", "7")
    expect(page.locator("[name=overall]:checked")).to_have_value("7")


def test_control_and_enter_in_the_middle_of_a_syllable_saves_the_whole_word_once(open_expert) -> None:
    page = open_expert(2).page
    session = page.context.new_cdp_session(page)
    press(page, "Enter", "Control+a")
    session.send("Input.insertText", {"text": "많이 힘드셨겠어요. 곁에 있을게"})
    session.send("Input.imeSetComposition", {"text": "요", "selectionStart": 1, "selectionEnd": 1})
    item = find_item(page)
    with page.expect_request("**/save/") as sent:
        page.keyboard.down("Control")
        enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "modifiers": 2}
        session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
        session.send("Input.insertText", {"text": "요"})
    page.keyboard.up("Control")
    assert (sent.value.post_data_json or {})["correction"] == "많이 힘드셨겠어요. 곁에 있을게요"
    expect(page.locator(f'[data-save="{item}"]')).to_have_count(0)
    assert count_today(page) == 1


@pytest.mark.parametrize(("size", "scheme"), STYLES)
def test_every_page_is_as_wide_as_its_window(open_expert, size, scheme) -> None:
    visitor = open_expert(2, size, scheme)
    pages = {
        "rate": RATE,
        "queue": "/admin/training/reviewitem/",
        "agreement": "/admin/training/reviewitem/agreement/",
        "ratings": "/admin/training/rating/",
        "admin": "/admin/",
    }
    for name, address in pages.items():
        visitor.page.goto(address)
        expect(visitor.page.locator("#content")).to_be_visible()
        overhang = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        visitor.look(f"annotation-{name}", full_page=True)
        assert overhang <= 0, address
