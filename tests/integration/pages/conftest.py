"""Fixtures for the flywheel's admin pages: folders of their own, and somebody who is logged in with roles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from chat.models import User
from tests.flywheel_rows import build_staff


@pytest.fixture(autouse=True)
def _folders(training_folders: Path) -> None:
    """For every page: many of them write a file."""


@pytest.fixture
def as_role(client: Client) -> Callable[..., User]:
    def log_in(*roles: str) -> User:
        client.force_login(person := build_staff("", *roles))
        return person

    return log_in
