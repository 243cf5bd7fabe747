"""A character with adapters of its own, kept in a folder of the test's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat.models import Adapter, Character
from tests.builders import build_character
from tests.integration.voices import make_adapter


@pytest.fixture
def character(settings: Any, tmp_path: Path) -> Character:
    settings.MARY_PUBLISHED_FOLDER = tmp_path / "published"
    settings.MARY_MESSAGES_PER_MINUTE = 10_000
    return build_character("mina")


@pytest.fixture
def adapters(character: Character, tmp_path: Path) -> list[Adapter]:
    return [make_adapter(character, tmp_path, seed) for seed in range(3)]


@pytest.fixture
def make(character: Character, tmp_path: Path) -> Callable[[int], Adapter]:
    return lambda seed: make_adapter(character, tmp_path, seed)
