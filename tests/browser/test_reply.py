"""What can be done with a reply and with a room, and how a screen reader hears of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from chat.inference.engines.fake import FAILURE_WORD
from tests.browser.visitor import Visitor


def test_a_failed_reply_says_what_to_do_and_offers_it(guest: Visitor) -> None:
    guest.say(f"오늘은 {FAILURE_WORD}")
    guest.wait_until_answered()
    expect(guest.page.locator(".speech-note.is-error")).to_contain_text("다시 생성")
    guest.look("failed")
    guest.act("again")
    expect(guest.page.locator("[data-stop]")).to_be_visible()
    guest.wait_until_answered()
    expect(guest.page.locator(".pager")).to_contain_text("2/2")


def test_a_thumb_with_reasons_and_words_is_kept(guest: Visitor) -> None:
    guest.say("안녕하세요")
    guest.wait_until_answered()
    guest.act("down")
    guest.page.locator(".chip[data-key=cold]").click()
    guest.page.fill(".rating textarea", "조금 급했어요")
    guest.look("rating")
    guest.page.click(".rating [type=submit]")
    expect(guest.page.locator(".rating")).to_have_count(0)
    guest.page.reload()
    guest.wait_for_room()
    expect(guest.page.locator("[data-action=down]")).to_have_attribute("aria-pressed", "true")
    guest.act("down")
    expect(guest.page.locator(".chip[aria-pressed=true]")).to_have_count(1)
    expect(guest.page.locator(".rating textarea")).to_have_value("조금 급했어요")


def test_a_screen_reader_hears_the_reply_once_when_it_is_complete(guest: Visitor) -> None:
    announcer = guest.page.locator("[data-announcer]")
    guest.say("안녕하세요")
    guest.wait_until_writing()
    expect(guest.page.get_by_role("log")).to_have_attribute("aria-live", "off")
    expect(announcer).to_have_text("")
    text = guest.wait_until_answered()
    expect(announcer).to_have_text(f"마리의 답: {text}")


def test_copy_takes_the_whole_reply(guest: Visitor) -> None:
    guest.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    guest.say("안녕하세요")
    text = guest.wait_until_answered()
    guest.act("copy")
    expect(guest.page.locator(".toast")).to_be_visible()
    assert guest.page.evaluate("navigator.clipboard.readText()") == text


def test_an_ended_room_can_be_read_and_takes_no_more(guest: Visitor) -> None:
    tab = guest.open_second_tab()
    guest.page.click("[data-room-menu]")
    guest.page.get_by_role("menuitem").nth(1).click()
    guest.page.click(".ask button[value=yes]")
    for visitor in (guest, tab):
        expect(visitor.page.locator("[data-room-over]")).to_be_visible()
        expect(visitor.field).to_be_hidden()


def test_a_deleted_room_is_gone_in_every_tab(guest: Visitor) -> None:
    tab = guest.open_second_tab()
    guest.page.click("[data-room-menu]")
    guest.page.get_by_role("menuitem").last.click()
    guest.look("delete")
    guest.page.click(".ask button[value=yes]")
    for visitor in (guest, tab):
        visitor.page.wait_for_url("**/characters/")


def test_the_room_can_be_worked_by_keyboard_alone(guest: Visitor) -> None:
    guest.page.locator("[data-room-menu]").focus()
    guest.page.keyboard.press("Enter")
    expect(guest.page.get_by_role("menuitem").first).to_be_focused()
    guest.page.keyboard.press("Enter")
    guest.page.keyboard.type("밤에 쓴 편지")
    guest.page.keyboard.press("Enter")
    expect(guest.page.locator("#room-title")).to_have_text("밤에 쓴 편지")
    expect(guest.page.locator(".room-name").first).to_have_text(re.compile("밤에 쓴 편지"))


def test_that_this_is_an_ai_stands_at_the_start_and_on_every_answer(guest: Visitor) -> None:
    guest.say("안녕하세요")
    guest.wait_until_answered()
    expect(guest.page.locator("[data-turns] > li").nth(1)).to_contain_text("사람이 아니라 AI")
    expect(guest.page.locator(".theirs")).to_have_count(2)
    expect(guest.page.locator(".theirs .ai-label")).to_have_text(["AI", "AI"])


def test_a_room_is_found_by_what_was_said_in_it(guest: Visitor) -> None:
    guest.say("해바라기를 심었어요")
    guest.wait_until_answered()
    search = guest.page.locator("#room-search")
    search.fill("해바라기")
    expect(guest.page.locator(".room-row")).to_have_count(1)
    search.fill("코끼리")
    expect(guest.page.locator(".room-row")).to_have_count(0)
    expect(guest.page.locator("[data-room-note]")).to_contain_text("보이지 않아요")


def test_what_the_browser_does_not_copy_is_told(guest: Visitor) -> None:
    guest.say("안녕하세요")
    guest.wait_until_answered()
    guest.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    guest.act("copy")
    expect(guest.page.locator(".toast")).to_contain_text("복사하지 못했어요")


def test_a_consent_is_revoked_and_given_again(guest: Visitor) -> None:
    room = guest.page.url
    guest.page.goto("/privacy/")
    for is_given in (False, True):
        guest.page.locator("#consent-sensitive").set_checked(is_given)
        state = "동의했어요" if is_given else "동의를 거두었어요"
        expect(guest.page.locator("#consent-sensitive-state")).to_contain_text(state)
        guest.page.goto(room)
        expect(guest.page.locator("[data-consent-needed]")).to_have_count(0 if is_given else 1)
        expect(guest.field).to_have_count(1 if is_given else 0)
        guest.page.goto("/privacy/")
