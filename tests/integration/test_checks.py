"""System checks: settings that contradict each other are named, those that hold pass."""

import pytest

from mymary_site import checks


def run(check) -> list[str]:
    return [message.id for message in check(None)]


def test_the_settings_as_they_are_pass():
    every = (checks.check_origins, checks.check_budgets, checks.check_session_store, checks.check_shares)
    assert [run(check) for check in every] == [[], [], [], []]


@pytest.mark.parametrize(
    "origin", ["mary.example.org", "https://mary.example.org/", "https://*.example.org", "ws://mary.example.org", "*"]
)
def test_anything_but_a_full_origin_is_refused(settings, origin):
    settings.MARY_ALLOWED_ORIGINS = (origin,)
    assert run(checks.check_origins) == ["mary.E002"]


def test_no_origin_at_all_is_refused(settings):
    settings.MARY_ALLOWED_ORIGINS = ()
    assert run(checks.check_origins) == ["mary.E001"]


def test_secure_cookies_and_a_plain_origin_contradict_each_other(settings):
    settings.MARY_ALLOWED_ORIGINS, settings.SESSION_COOKIE_SECURE = ("http://mary.example.org",), True
    assert run(checks.check_origins) == ["mary.E003"]


def test_a_prompt_budget_that_fills_the_context_is_refused(settings):
    settings.MARY_PROMPT_BUDGET_TOKENS = settings.MARY_CONTEXT_TOKENS
    assert run(checks.check_budgets) == ["mary.E004"]


def test_a_session_poll_slower_than_the_promise_is_refused(settings):
    settings.MARY_SESSION_POLL_SECONDS = 5.0
    assert run(checks.check_budgets) == ["mary.E005"]


@pytest.mark.parametrize("share", [-0.1, 1.01, float("nan"), "0.1", None])
@pytest.mark.parametrize("name", ["MARY_REVIEW_SAMPLE_SHARE", "MARY_REVIEW_OVERLAP_SHARE"])
def test_a_share_outside_0_to_1_is_refused(settings, name, share):
    setattr(settings, name, share)
    assert run(checks.check_shares) == ["mary.E008"]


def test_a_session_store_that_knows_no_users_is_refused(settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert run(checks.check_session_store) == ["mary.E006"]


def test_the_servers_own_valkey_evicts_nothing():
    assert run(checks.check_valkey_keeps_everything) == []


def test_an_evicting_valkey_is_refused(monkeypatch):
    monkeypatch.setattr("redis.Redis.info", lambda self, section: {"maxmemory_policy": "allkeys-lru"})
    assert run(checks.check_valkey_keeps_everything) == ["mary.E007"]


def test_an_unreachable_valkey_is_a_warning(settings):
    settings.MARY_TOKEN_LOG_URL = "redis://127.0.0.1:1/0"
    assert run(checks.check_valkey_keeps_everything) == ["mary.W001"]
