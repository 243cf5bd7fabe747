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

QUEUE = "/admin/training/reviewitem/"
RATE = f"{QUEUE}rate/"
STYLES = [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
REPLIES = 20
SECONDS_A_REPLY = 60


@pytest.fixture
def open_expert(make_visitor: MakeVisitor, stack: StackProcess):
    """An expert with this many replies in the queue, in front of the rating screen or of what `page` names."""

    def open_one(replies: int, size=DESKTOP, scheme: str = "light", page: str = RATE, **wanted: object) -> Visitor:
        options = [f"--{name}={value}" for name, value in wanted.items()]
        command = [sys.executable, "-m", "tests.stack_review", str(replies), PASSWORD, *options]
        made = subprocess.run(command, cwd=REPOSITORY, env=stack.build_environ(), stdout=subprocess.PIPE, check=True)
        visitor = make_visitor(size, "ko", scheme)
        visitor.log_in(json.loads(made.stdout))
        visitor.page.goto(page)
        if page == RATE:
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


def decide(page: Page) -> None:
    page.wait_for_load_state()  # a page that has just been come to hears no keys before its script stands
    press(page, "5", "Control+Enter")


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


def test_a_rating_says_which_answers_were_on_the_screen(open_expert) -> None:
    page = open_expert(1).page
    shown = [one.get_attribute("value") for one in page.locator("[name=preferred]:not([value=none])").all()]
    press(page, "7")
    with page.expect_request("**/save/") as sent:
        press(page, "Control+Enter")
    assert len(shown) == 2
    assert (sent.value.post_data_json or {})["shown_reply_ids"] == shown


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


def test_a_reasons_letter_stays_a_reasons_with_many_answers(open_expert) -> None:
    page = open_expert(1, answers=7).page
    expect(page.locator("[name=preferred][data-letter]:not([value=none])")).to_have_count(4)
    press(page, "e", "f")
    given = [one.get_attribute("value") for one in page.locator("[name=reason]:checked").all()]
    assert given == ["advice_too_soon", "awkward"]
    expect(page.locator("[name=preferred]:checked")).to_have_count(0)


def read_top(page: Page) -> int:
    return int(page.locator("[data-turns]").evaluate("one => Math.round(one.scrollTop)"))


def test_the_talk_is_turned_from_anywhere_and_read_with_its_own_keys(open_expert) -> None:
    page = open_expert(1, talk=8).page
    bottom = read_top(page)
    press(page, "PageUp")
    assert (upper := read_top(page)) < bottom
    press(page, "Enter", "PageDown")
    assert read_top(page) > upper
    press(page, "Shift+Tab")
    expect(page.locator("[data-turns] summary")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("[data-turns] details[open]")).to_have_count(1)
    press(page, "Shift+Tab")
    expect(page.locator("[data-turns]")).to_be_focused()
    press(page, "Home", "ArrowDown", "ArrowDown")
    expect(page.locator("[data-turns]")).to_be_focused()
    press(page, "Escape", "8")
    expect(page.locator("[name=overall]:checked")).to_have_value("8")


def test_the_question_of_the_row_in_front_is_shown(open_expert) -> None:
    page = open_expert(1).page
    question = page.locator("[data-question]")
    expect(question).to_have_text("")
    press(page, "ArrowDown")
    expect(question).to_have_text("사람이 한 말처럼 자연스러운가요?")
    page.locator("[data-row=invites]").hover()
    expect(question).to_have_text("이야기를 이어 가게 하나요?")


def test_no_more_is_typed_than_can_be_learned(open_expert) -> None:
    page = open_expert(1).page
    press(page, "Enter", "Control+a")
    page.keyboard.insert_text("가" * 1001)
    expect(page.locator("[data-count]")).to_have_text("1000")


def test_who_logs_in_again_in_another_window_saves_where_they_were(open_expert) -> None:
    visitor = open_expert(3)
    page = visitor.page
    press(page, "6")
    page.context.clear_cookies()
    press(page, "Control+Enter")
    expect(page.locator("[data-message]")).to_have_text("로그인이 끝났어요. 새 창에서 로그인한 뒤 다시 저장해 주세요.")
    Visitor(page.context.new_page(), visitor.screenshots, visitor.label).log_in(visitor.login_id)
    save_and_wait(page)
    assert count_today(page) == 1


def test_the_original_opens_beside_what_is_not_saved_yet(open_expert) -> None:
    visitor = open_expert(1)
    page = visitor.page
    press(page, "4")
    with page.context.expect_page() as opened:
        page.click(".talk-raw")
    opened.value.fill("#raw-reason", "가린 글만으로는 알 수 없어서 열어요")
    opened.value.click(".raw-form button")
    expect(opened.value.locator(".raw h2")).to_be_visible()
    Visitor(opened.value, visitor.screenshots, visitor.label).look("annotation-raw")
    opened.value.click(".raw .rate-actions a")
    expect(opened.value.locator("[data-item]")).to_have_attribute("data-save", find_item(page))
    expect(page.locator("[name=overall]:checked")).to_have_value("4")


def test_one_decided_dispute_leads_to_the_next(open_expert) -> None:
    page = open_expert(2, page=f"{QUEUE}?state=disputed", state="disputed").page
    page.locator(".mary-way").first.click()
    first = page.locator("[data-decide]").get_attribute("data-decide") or ""
    decide(page)
    expect(page.locator(f'[data-decide]:not([data-decide="{first}"])')).to_be_visible()
    decide(page)
    page.wait_for_url(f"**{QUEUE}?state=disputed")


@pytest.mark.parametrize(("size", "scheme"), STYLES)
def test_a_long_talk_with_many_answers_fits_its_window(open_expert, size, scheme) -> None:
    visitor = open_expert(1, size, scheme, answers=4, talk=6)
    visitor.page.locator("[data-row=natural] input").first.focus()
    visitor.look("annotation-many", full_page=True)
    visitor.page.click("[data-do=keys]")
    visitor.look("annotation-keys")
    assert visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize(("size", "scheme"), STYLES)
def test_every_page_is_as_wide_as_its_window(open_expert, size, scheme) -> None:
    visitor = open_expert(2, size, scheme)
    pages = {
        "rate": RATE,
        "queue": QUEUE,
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
