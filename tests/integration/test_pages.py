"""The pages: who may see them, in which language, under which policy."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from chat.models import ConsentKind, Counsel, User
from tests.builders import build_character, build_room, build_user, grant

pytestmark = pytest.mark.django_db

HANGUL = re.compile("[가-힣]")
OPEN_PAGES = ("/safety/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page/")
MEMBER_PAGES = ("/characters/", "/privacy/", "/accounts/password/change/", "/accounts/logout/")
KOREAN_ON_PURPOSE = re.compile(r'lang="ko">한국어<|<option value="ko"[^>]*>한국어</option>|보리')


@pytest.fixture
def member() -> User:
    return build_user(name="보리")


@pytest.fixture
def room(member: User) -> Counsel:
    return build_room(member, build_character(portrait="chat/portraits/mary.svg"))


@pytest.fixture
def browser(client: Client, member: User, room: Counsel) -> Client:
    client.force_login(member)
    return client


@pytest.mark.parametrize("address", MEMBER_PAGES)
def test_every_member_page_is_there_and_asks_strangers_to_log_in(client: Client, browser: Client, address: str) -> None:
    assert browser.get(address).status_code == 200
    stranger = Client().get(address)
    assert stranger.status_code == 302 or address == "/accounts/logout/"


@pytest.mark.parametrize("address", [*OPEN_PAGES, *MEMBER_PAGES, "room"])
def test_an_english_reader_meets_no_korean(browser: Client, member: User, room: Counsel, address: str) -> None:
    User.objects.filter(pk=member.pk).update(language="en")
    if address in OPEN_PAGES:
        browser.logout()
    path = reverse("chat:room", args=[room.pk]) if address == "room" else address
    text = browser.get(path, headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en">' in text
    assert HANGUL.search(KOREAN_ON_PURPOSE.sub("", text)) is None


@pytest.mark.parametrize("address", [*OPEN_PAGES, *MEMBER_PAGES])
def test_every_page_carries_a_policy_without_inline_scripts(browser: Client, address: str) -> None:
    answer = browser.get(address)
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert re.search(r"<script(?![^>]*(?:\bsrc=|\bnonce=|application/json))", answer.content.decode()) is None
    assert re.search(r"\sstyle=|\son\w+=", answer.content.decode()) is None


def test_a_room_of_somebody_else_does_not_exist(room: Counsel) -> None:
    other = Client()
    other.force_login(build_user("other"))
    assert other.get(reverse("chat:room", args=[room.pk])).status_code == 404


def test_home_leads_to_the_newest_open_room(browser: Client, room: Counsel) -> None:
    assert browser.get("/").headers["Location"] == reverse("chat:room", args=[room.pk])


def test_home_leads_to_the_characters_when_no_room_is_open(client: Client) -> None:
    client.force_login(build_user("new"))
    assert client.get("/").headers["Location"] == "/characters/"


def test_without_consent_there_is_no_field_to_write_in(browser: Client, member: User, room: Counsel) -> None:
    grant(member, ConsentKind.SENSITIVE, is_granted=False)
    text = browser.get(reverse("chat:room", args=[room.pk])).content.decode()
    assert "data-consent-needed" in text
    assert "data-composer" not in text


def test_the_safety_page_names_every_line_without_a_login(client: Client) -> None:
    text = client.get("/safety/").content.decode()
    assert all(f'href="tel:{number}"' in text for number in ("109", "1577-0199", "1388", "1366", "119", "112"))
