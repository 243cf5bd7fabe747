"""Hostile text from the user and from the model stays text: nothing runs, nothing is fetched."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.scripted_server import ScriptedServer
from tests.browser.visitor import Visitor

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<svg onload="alert(1)"></svg>',
    '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
    '<a href="javascript:alert(1)">눌러 봐</a>',
    "[눌러 봐](javascript:alert(1))",
    "[눌러 봐](JaVaScRiPt&#58;alert(1))",
    "[눌러 봐](data:text/html,<script>alert(1)</script>)",
    "[http](http://evil.example/)",
    "![사진](https://evil.example/leak.png)",
    '![사진](x" onerror="alert(1))',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<form action="https://evil.example"><button>확인</button></form>',
    '<style>@import "https://evil.example/a.css"</style>',
    '<p style="position:fixed;inset:0;background:url(https://evil.example/b)">덮개</p>',
    "<details open ontoggle=alert(1)>",
    "`</code><img src=x onerror=alert(1)>`",
    "<base href=https://evil.example/>",
)
FORBIDDEN = (
    "script, img, svg:not(.icon), iframe, style, form, base, [style], [onerror], [onload], a:not([href^='https://'])"
)


@pytest.fixture
def fetched(guest: Visitor) -> list[str]:
    """Addresses outside the product that the page asked for."""
    asked: list[str] = []
    origin = guest.page.url.split("/counsels/")[0]
    guest.page.on("request", lambda request: request.url.startswith(origin) or asked.append(request.url))
    return asked


def test_a_hostile_reply_is_harmless_at_every_split(guest: Visitor, fetched: list[str]) -> None:
    server = ScriptedServer(guest)
    made = guest.page.locator(f".speech-text :is({FORBIDDEN})")
    for payload in PAYLOADS:
        server.stream_reply(list(payload))
        assert made.count() == 0, payload
        server.finish_reply(payload)
        assert made.count() == 0, payload
    assert fetched == []


def test_hostile_user_text_is_shown_as_it_was_written(guest: Visitor, fetched: list[str]) -> None:
    text = "\n".join(PAYLOADS)
    guest.say(text)
    guest.wait_until_answered()
    guest.page.reload()
    guest.wait_for_room()
    expect(guest.mine).to_have_text([text], use_inner_text=True)
    assert guest.page.locator(".mine-text *").count() == 0
    assert fetched == []


def test_a_link_of_the_model_shows_its_host_and_leaks_nothing(guest: Visitor) -> None:
    server = ScriptedServer(guest)
    server.stream_reply(["[은행](https://bank.exam", "ple.evil.example/login)"])
    link = guest.answer.get_by_role("link")
    expect(link).to_contain_text("bank.example.evil.example")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")


def test_a_title_made_of_markup_is_a_title(guest: Visitor) -> None:
    guest.page.click("[data-room-menu]")
    guest.page.locator(".menu button").first.click()
    guest.page.fill(".ask input", PAYLOADS[1])
    guest.page.click(".ask button[value=yes]")
    expect(guest.page.locator("#room-title")).to_have_text(PAYLOADS[1])
    expect(guest.page.locator(".room-name").first).to_have_text(PAYLOADS[1])
