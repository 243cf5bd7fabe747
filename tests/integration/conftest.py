"""Fixtures for tests that use the real PostgreSQL and Valkey."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache

from chat.models import Session


@pytest.fixture(autouse=True)
def _fresh_throttles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests share one Valkey; a test's throttle counts must not meet another's."""
    cache.delete_pattern("*")


@pytest.fixture
def training_folders(tmp_path: Path, settings: Any) -> Path:
    """Where this test's runs and snapshots lie."""
    settings.MARY_RUNS_FOLDER = tmp_path / "runs"
    settings.MARY_SNAPSHOTS_FOLDER = tmp_path / "snapshots"
    return tmp_path


@pytest.fixture
def freeze_today(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Set the day that `timezone.localdate()` gives; the clock itself goes on."""
    return lambda day: monkeypatch.setattr("django.utils.timezone.localdate", lambda *args: day)


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Session nudges as (user, kind, sessions alive at that moment): a nudge before the end would be in vain."""
    sent: list[tuple[Any, ...]] = []

    def remember(user_id: UUID, kind: str) -> None:
        sent.append((user_id, kind, Session.objects.filter(user_id=user_id).count()))

    monkeypatch.setattr("chat.accounts.sessions.nudge_user", remember)
    return sent
