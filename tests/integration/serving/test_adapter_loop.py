"""What a worker keeps loaded: all that may speak at the next moment, and no load that fails every two seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from chat.inference import adapter_loop
from chat.inference.adapter_loop import AdapterLoop
from chat.inference.adapters import AdapterFile
from chat.inference.protocol import EngineError
from chat.models import Adapter, Character, InferenceWorker, Release
from chat.serving.settle import make_live
from tests.builders import build_character
from tests.integration.voices import PromptEngine, decide, make_adapter

pytestmark = pytest.mark.django_db(transaction=True)


class PickyEngine(PromptEngine):
    """Cannot load one of its adapters."""

    refused = ""
    loads = 0

    async def load_adapters(self, adapters: Sequence[AdapterFile]) -> None:
        self.loads += 1
        if self.refused in {adapter.name for adapter in adapters}:
            raise EngineError("unreadable")
        await super().load_adapters(adapters)


@pytest.fixture
def engine() -> PickyEngine:
    return PickyEngine(slots=2)


@pytest.fixture
def loop(engine: PickyEngine) -> AdapterLoop:
    return AdapterLoop(engine, "this", budget_tokens=3072, list_in_use=set, on_ready=lambda: None)


def decide_two(character: Character, folder: Path) -> list[Adapter]:
    """One for each of two characters, published at the same moment."""
    characters = [character, build_character("nina")]
    adapters = [make_adapter(each, folder, seed) for seed, each in enumerate(characters, start=5)]
    for adapter in adapters:
        decide(adapter)
    return adapters


def go_live(adapter: Adapter) -> None:
    make_live(Release(character=Character.objects.get(pk=adapter.character_id), adapter=adapter))


def list_states() -> list[str]:
    return list(Release.objects.order_by("dt_decided").values_list("state", flat=True))


async def test_of_two_characters_published_at_once_the_first_is_still_loaded_after_the_second(
    character, engine, loop, tmp_path: Path
):
    adapters = await database_sync_to_async(decide_two)(character, tmp_path)
    await loop.step()
    assert await database_sync_to_async(list_states)() == ["live", "live"]
    assert engine.adapters == {adapter.name for adapter in adapters}


async def test_what_waits_for_another_workers_word_stays_loaded(character, engine, loop, tmp_path: Path):
    await InferenceWorker.objects.acreate(name="other", engine="fake", lm="fake", dt_heartbeat=timezone.now(), slots=1)
    adapters = await database_sync_to_async(decide_two)(character, tmp_path)
    await loop.step()
    assert await database_sync_to_async(list_states)() == ["verifying", "verifying"]
    assert engine.adapters == {adapter.name for adapter in adapters}


async def test_what_cannot_be_loaded_is_not_tried_again_at_every_pass(adapters, engine, loop):
    for adapter in adapters[:2]:
        await database_sync_to_async(go_live)(adapter)
    engine.refused = adapters[1].name
    await loop.step()
    tried = engine.loads
    for _ in range(3):
        await loop.step()
    assert engine.loads == tried
    assert engine.adapters == {adapters[0].name}


async def test_what_could_not_be_loaded_is_tried_again_after_a_while(adapters, engine, loop, monkeypatch):
    monkeypatch.setattr(adapter_loop, "RETRY_SECONDS", 0)
    await database_sync_to_async(go_live)(adapters[0])
    engine.refused = adapters[0].name
    await loop.step()
    engine.refused = ""
    await loop.step()
    assert engine.adapters == {adapters[0].name}


async def test_what_could_not_be_loaded_is_tried_again_when_something_else_goes_live(adapters, engine, loop):
    await database_sync_to_async(go_live)(adapters[0])
    engine.refused = adapters[0].name
    await loop.step()
    engine.refused = ""
    await database_sync_to_async(go_live)(adapters[1])
    await loop.step()
    assert engine.adapters == {adapters[0].name, adapters[1].name}
