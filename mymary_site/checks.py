"""System checks that refuse settings which contradict each other, before anybody is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import redis
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from redis.exceptions import RedisError

SOCKETS_CLOSE_WITHIN_SECONDS: Final = 5.0
VALKEY_TIMEOUT_SECONDS: Final = 2.0


@register(Tags.security)
def check_origins(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Sockets are accepted from exactly these origins, so each must be one, and match how cookies are sent."""
    if not settings.MARY_ALLOWED_ORIGINS:
        return [Error("MARY_ALLOWED_ORIGINS is empty: no browser could open a socket.", id="mary.E001")]
    messages: list[CheckMessage] = []
    for origin in settings.MARY_ALLOWED_ORIGINS:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}" or "*" in origin:
            hint = "Write scheme, host and (if not the usual one) port: https://mary.example.org"
            messages.append(Error(f"MARY_ALLOWED_ORIGINS: {origin!r} is no full origin.", hint=hint, id="mary.E002"))
        elif settings.SESSION_COOKIE_SECURE and parts.scheme == "http":
            hint = "Use https, or unset SESSION_COOKIE_SECURE."
            messages.append(
                Error(f"{origin} would never get the session cookie, which is secure.", hint=hint, id="mary.E003")
            )
    return messages


@register()
def check_budgets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if settings.MARY_PROMPT_BUDGET_TOKENS >= settings.MARY_CONTEXT_TOKENS:
        messages.append(
            Error("MARY_PROMPT_BUDGET_TOKENS leaves no room for a reply in MARY_CONTEXT_TOKENS.", id="mary.E004")
        )
    if settings.MARY_SESSION_POLL_SECONDS >= SOCKETS_CLOSE_WITHIN_SECONDS:
        messages.append(
            Error("MARY_SESSION_POLL_SECONDS must be below 5: sockets close that soon after a logout.", id="mary.E005")
        )
    return messages


@register()
def check_shares(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Read anew at each reply that is queued, so that a wrong one would stop the queue and not the start."""
    return [
        Error(f"{name} must be a number from 0 to 1, not {share!r}.", id="mary.E008")
        for name in ("MARY_REVIEW_SAMPLE_SHARE", "MARY_REVIEW_OVERLAP_SHARE")
        if not isinstance(share := getattr(settings, name), int | float) or not 0 <= share <= 1
    ]


@register(Tags.security, deploy=True)
def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return []
    hint = "Set MARY_SMTP_URL and MARY_MAIL_FROM."
    return [Warning("No mail server: nobody can reset a password by e-mail.", hint=hint, id="mary.W002")]


@register()
def check_session_store(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.SESSION_ENGINE == "chat.accounts.session_store":
        return []
    message = "Sessions must know their user, or password changes and erasure cannot end them."
    return [Error(message, hint='SESSION_ENGINE = "chat.accounts.session_store"', id="mary.E006")]


@register(Tags.database)
def check_valkey_keeps_everything(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Runs with `check --database default` and `migrate`. An evicted token log would tear a stream."""
    try:
        with redis.Redis.from_url(
            settings.MARY_TOKEN_LOG_URL,
            socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
            socket_timeout=VALKEY_TIMEOUT_SECONDS,
        ) as client:
            policy = client.info("memory").get("maxmemory_policy")
    except RedisError as error:
        return [Warning(f"REDIS_URL does not answer ({type(error).__name__}).", id="mary.W001")]
    if policy == "noeviction":
        return []
    hint = "Set maxmemory-policy noeviction on that server."
    return [Error(f"Valkey may throw away token logs: its maxmemory-policy is {policy}.", hint=hint, id="mary.E007")]
