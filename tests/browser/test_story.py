"""The whole way through the product, at both widths and in both languages."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import DESKTOP, PHONE, REPLY_TOKENS, MakeVisitor
from tests.browser.visitor import Visitor

LATE_MILLISECONDS = 2_000
STYLES = [(DESKTOP, "ko", "light"), (DESKTOP, "en", "dark"), (PHONE, "ko", "dark"), (PHONE, "en", "light")]


@pytest.fixture(params=STYLES)
def newcomer(request: pytest.FixtureRequest, make_visitor: MakeVisitor) -> Visitor:
    """Somebody who has just signed up and picked a character."""
    size, language, scheme = request.param
    visitor = make_visitor(size, language, scheme)
    visitor.sign_up(f"story-{secrets.token_hex(4)}", language=language)
    visitor.look("characters", full_page=True)
    visitor.pick_first_character()
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)
    return visitor


def test_sign_up_chat_stop_regenerate_reload_second_tab_and_log_out(newcomer: Visitor) -> None:
    newcomer.say("오늘 회사에서 힘든 일이 있었어요")
    newcomer.wait_until_writing()
    newcomer.look("writing")
    stopped = newcomer.stop()
    newcomer.act("again")
    newcomer.wait_until_writing()
    newcomer.page.reload()
    newcomer.wait_until_writing()
    second = newcomer.open_second_tab()
    whole = newcomer.wait_until_answered()
    assert whole == second.wait_until_answered()
    assert len(whole.split()) == REPLY_TOKENS > len(stopped.split())
    see_both_siblings(newcomer, stopped, whole)
    newcomer.log_out()
    second.page.wait_for_url("**/accounts/login/?next=*", timeout=10_000)


def test_logging_out_ends_at_a_login_page_that_leads_nobody_back(guest: Visitor) -> None:
    """The server ends the sockets at once; its answer to the form may come much later."""

    def answer_late(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        guest.page.wait_for_timeout(LATE_MILLISECONDS)
        route.fulfill(response=answer)

    guest.page.route("**/accounts/logout/", answer_late)
    guest.log_out()
    assert guest.page.url.endswith("/accounts/login/")


def see_both_siblings(visitor: Visitor, first: str, second: str) -> None:
    pager = visitor.page.locator(".pager").last
    expect(pager).to_contain_text("2/2")
    visitor.act("before")
    expect(visitor.answer).to_have_text(first)
    visitor.act("choose")
    expect(visitor.page.locator("[data-action=choose]")).to_have_count(0)
    visitor.look("siblings")
    visitor.act("after")
    expect(visitor.answer).to_have_text(second)


@pytest.mark.parametrize("newcomer", STYLES[2:], indirect=True)
def test_nothing_is_wider_than_a_phone(newcomer: Visitor) -> None:
    newcomer.say("가나다라마바사아자차카타파하" * 20)
    newcomer.wait_until_answered()
    pages = {"long": newcomer.page.url, "picker": "/characters/", "privacy": "/privacy/", "safety": "/safety/"}
    for name, address in pages.items():
        newcomer.page.goto(address)
        overhang = newcomer.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overhang == 0, address
        newcomer.look(name, full_page=True)


def test_under_fourteen_is_told_at_the_birth_date(make_visitor: MakeVisitor) -> None:
    child = make_visitor()
    child.sign_up(f"child-{secrets.token_hex(4)}", dt_birth="2019-03-02")
    field = child.page.locator(".field", has=child.page.locator("[name=dt_birth]"))
    expect(field.get_by_role("alert")).to_contain_text("만 14세")


def test_no_consent_is_ticked_beforehand(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor()
    visitor.page.goto("/accounts/signup/")
    visitor.look("signup", full_page=True)
    assert visitor.page.locator("[name^=consent_]").count() == 5
    assert visitor.page.locator("[name^=consent_]:checked").count() == 0
