"""The adapters that come with the product: live from the first seed, renewed by the next, behind people's decisions."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from chat.management.commands.seed import read_character_seeds
from chat.models import SHIPPED, Character, Release
from chat.serving.settle import make_live
from chat.serving.ship import release_shipped
from tests.adapter_folders import write_adapter
from tests.builders import build_character

pytestmark = pytest.mark.django_db(transaction=True)


def ship(character: Character, folder: Path, seed: int) -> str:
    """Put an adapter of that seed where the product keeps its own, and seed again; the name that is live then."""
    write_adapter(folder / f"{seed}" / character.key, seed=seed)
    release_shipped(character.key, folder / f"{seed}")
    character.refresh_from_db()
    return character.adapter


def test_every_character_is_seeded_with_a_live_release_of_what_ships():
    for seed in read_character_seeds():
        character = build_character(seed["key"], adapter=seed["adapter"])
        for _ in range(2):
            release_shipped(seed["key"], settings.MARY_ADAPTERS_FOLDER)
        release = Release.objects.of(character).get()
        assert (release.state, release.reason, release.decided_by) == ("live", SHIPPED, None)
        assert release.adapter.name == seed["adapter"]


def test_a_newer_product_brings_its_newer_adapter(character, tmp_path: Path):
    first = write_adapter(tmp_path / "named" / "mina", seed=1)
    character.adapter = f"mina@{(first / 'manifest.json').read_text().split('gguf_digest')[1][4:16]}"
    character.save()
    first_name, second_name = ship(character, tmp_path, 1), ship(character, tmp_path, 2)
    assert first_name != second_name
    assert Release.objects.live().get().adapter.name == second_name


def test_what_a_person_decided_stays(character, adapters, tmp_path: Path):
    make_live(Release(character=character, adapter=adapters[0], reason="passed its gate"))
    assert ship(character, tmp_path, 1) == adapters[0].name


def test_a_character_that_asks_for_no_adapter_gets_none(character, tmp_path: Path):
    assert ship(character, tmp_path, 1) == ""
    assert not Release.objects.exists()
