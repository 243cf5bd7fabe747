"""Fixtures of all tests. `make test` gives DATABASE_URL and REDIS_URL of real, throw-away servers."""

from __future__ import annotations

import os
import uuid
from datetime import date
from typing import Any

import pytest

os.environ.setdefault("MARY_SECRET_KEY", "tests-only-" * 5)
os.environ.setdefault("MARY_ENGINE", "fake")

PASSWORD = "gentle-river-42"  # noqa: S105


@pytest.fixture
def make_character(db: None) -> Any:
    from chat.models import Character

    def make(key: str = "mary", **fields: Any) -> Character:
        defaults = {
            "character_name": "마리",
            "character_name_en": "Mary",
            "character_model": "gemma-3-270m",
            "introduction": "먼저 마음을 듣는 친구예요.",
            "introduction_en": "A friend who listens first.",
            "portrait": f"chat/portraits/{key}.svg",
            "greetings": [f"안녕하세요, {number}번째 인사예요." for number in range(1, 8)],
            "persona_file": "mary.md",
        }
        return Character.objects.get_or_create(key=key, defaults=defaults | fields)[0]

    return make


@pytest.fixture
def make_user(db: None) -> Any:
    """A user with the two consents that chatting needs; `consents=()` leaves them out."""
    from chat.models import Consent, User

    def make(login_id: str = "haneul", *, consents: tuple[str, ...] = ("service", "sensitive"), **fields: Any) -> User:
        defaults = {"name": "하늘", "dt_birth": date(1995, 5, 5)}
        user = User.objects.create_user(login_id, PASSWORD, **(defaults | fields))
        for kind in consents:
            Consent.objects.create(user=user, kind=kind, is_granted=True, text_version="1", text_sha256="0" * 64)
        return user

    return make


@pytest.fixture
def make_room(make_character: Any) -> Any:
    """A room with its greeting, as opening one leaves it."""
    from chat.models import Counsel, Dialog, User

    def make(user: User, **fields: Any) -> Counsel:
        counsel = Counsel.objects.create(user=user, character=make_character(), **fields)
        Dialog.objects.create(counsel=counsel, user=user, seq=1, version=1, ai_message="안녕하세요.")
        return counsel

    return make


@pytest.fixture
def new_id() -> Any:
    return uuid.uuid4
