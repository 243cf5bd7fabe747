"""What a person does on the pages, in the page's own terms, and the same in every language and at every width."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from playwright.sync_api import Locator, Page, expect

PASSWORD = "sunny-window-42"
CONSENTS_TO_CHAT = ("service", "sensitive")
PATIENCE_MILLISECONDS = 20_000


class Visitor:
    def __init__(self, page: Page, screenshots: Path, label: str) -> None:
        self.page = page
        self.screenshots = screenshots
        self.label = label
        self.login_id = ""
        page.set_default_timeout(PATIENCE_MILLISECONDS)

    # --- at the door ----------------------------------------------------------------------------------------

    def sign_up(self, login_id: str, *, language: str = "ko", dt_birth: str = "1995-05-05") -> None:
        self.page.goto("/accounts/signup/")
        for name, value in {"username": login_id, "password1": PASSWORD, "password2": PASSWORD, "name": "보리"}.items():
            self.page.fill(f"[name={name}]", value)
        self.page.fill("[name=dt_birth]", dt_birth)
        self.page.select_option("select[name=language]", language)
        for kind in CONSENTS_TO_CHAT:
            self.page.check(f"[name=consent_{kind}]")
        self.page.click("form.signup [type=submit]")

    def log_in(self, login_id: str) -> None:
        self.login_id = login_id
        self.page.goto("/accounts/login/")
        self.page.fill("[name=login]", login_id)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click(".door-form [type=submit]")
        self.page.wait_for_url(re.compile(r"/(characters|counsels)/"))

    def log_out(self) -> None:
        if self.page.locator("[data-drawer-open]").is_visible():
            self.page.click("[data-drawer-open]")
        self.page.click("form[data-logout] button")
        self.page.wait_for_url("**/accounts/login/")

    # --- in a room ------------------------------------------------------------------------------------------

    def pick_first_character(self) -> None:
        self.page.wait_for_url("**/characters/")
        self.page.locator("[data-character]").first.click()
        self.wait_for_room()

    def enter_room(self, counsel_id: str) -> None:
        self.page.goto(f"/counsels/{counsel_id}/")
        self.wait_for_room()

    def wait_for_room(self) -> None:
        expect(self.page.locator(".theirs").first).to_be_visible(timeout=PATIENCE_MILLISECONDS)

    @property
    def field(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def mine(self) -> Locator:
        return self.page.locator(".mine-text")

    @property
    def answer(self) -> Locator:
        return self.page.locator(".theirs .speech-text").last

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def wait_until_writing(self) -> None:
        expect(self.page.locator(".speech-text.is-live")).to_have_text(
            re.compile(r"\S+ \S+"), timeout=PATIENCE_MILLISECONDS
        )

    def wait_until_answered(self) -> str:
        """The answer's text, once nothing is on its way and nothing is being written any more."""
        expect(self.page.locator(".is-waiting")).to_have_count(0, timeout=PATIENCE_MILLISECONDS)
        expect(self.page.locator("[data-send]")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        return self.answer.inner_text()

    def stop(self) -> str:
        self.page.click("[data-stop]")
        return self.wait_until_answered()

    def act(self, action: str) -> None:
        """Press a button of the row below the last answer."""
        self.page.locator(".actions").last.locator(f"[data-action={action}]").click()

    def open_second_tab(self) -> Self:
        tab = self.page.context.new_page()
        tab.goto(self.page.url)
        second = type(self)(tab, self.screenshots, f"{self.label}-second")
        second.wait_for_room()
        return second

    def look(self, name: str, *, full_page: bool = False) -> None:
        """Keep a picture for people to look at; nothing compares it."""
        self.page.screenshot(path=self.screenshots / f"{name}-{self.label}.png", full_page=full_page)
