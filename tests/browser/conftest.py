"""A real stack with the fake engine, and visitors who meet it through Debian's Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from mymary_site.env import REPOSITORY
from tests.browser.visitor import PASSWORD, Visitor
from tests.stack_process import Person, StackProcess

SCREENSHOTS = REPOSITORY / "var" / "screenshots"
DESKTOP = (1280, 860)
PHONE = (360, 740)
PEOPLE_BATCH = 20
REPLY_TOKENS = 60
"""Two seconds of writing: long enough to stop, to reload into and to kill a process in."""
NETWORK_LINES = ("WebSocket connection to", "Failed to load resource")
"""The browser's own words about a line that the test itself has cut."""

MakeVisitor = Callable[..., Visitor]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    folder: Path = tmp_path_factory.mktemp("browser-stack")
    with StackProcess(folder, engine="fake", tokens_per_second=30, reply_tokens=REPLY_TOKENS) as stack:
        yield stack


# Not for the whole session: while Playwright's own event loop stands, Django's ORM refuses to work in this thread.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("Chromium is not installed: apt install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_context(browser: Browser, stack: StackProcess) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def open_one(size: tuple[int, int] = DESKTOP, language: str = "ko", scheme: str = "light") -> BrowserContext:
        is_phone = size[0] < 600
        context = browser.new_context(
            base_url=stack.origin,
            viewport={"width": size[0], "height": size[1]},
            is_mobile=is_phone,
            has_touch=is_phone,
            locale={"ko": "ko-KR", "en": "en-US"}[language],
            timezone_id="Asia/Seoul",
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    """What the browser complained about: script errors, CSP violations, failed requests. Must stay empty."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def make_visitor(open_context: Callable[..., BrowserContext], troubles: list[str]) -> MakeVisitor:
    """Somebody who has not signed up yet."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def make(size: tuple[int, int] = DESKTOP, language: str = "ko", scheme: str = "light") -> Visitor:
        page = open_context(size, language, scheme).new_page()
        listen(page, troubles)
        return Visitor(page, SCREENSHOTS, f"{size[0]}-{language}-{scheme}")

    return make


@pytest.fixture(scope="package")
def people() -> list[Person]:
    """Made a batch at a time: starting Django for each of them takes longer than most tests."""
    return []


@pytest.fixture
def invite(make_visitor: MakeVisitor, stack: StackProcess, people: list[Person]) -> MakeVisitor:
    """Somebody with an account and consents, in an open room. Met in one test only."""

    def invite_one(size: tuple[int, int] = DESKTOP) -> Visitor:
        if not people:
            people.extend(stack.make_people(PEOPLE_BATCH, password=PASSWORD))
        person = people.pop()
        visitor = make_visitor(size)
        visitor.log_in(person.login_id)
        visitor.enter_room(person.counsel_id)
        return visitor

    return invite_one


@pytest.fixture
def guest(invite: MakeVisitor) -> Visitor:
    """On a desktop, in Korean."""
    return invite()


def listen(page: Page, troubles: list[str]) -> None:
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda line: is_trouble(line) and troubles.append(f"console: {line.text}"))
    page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))


def is_trouble(line: ConsoleMessage) -> bool:
    return line.type == "error" and not line.text.startswith(NETWORK_LINES)
