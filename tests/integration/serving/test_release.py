"""From a decision to a voice: published, verified by a running worker, live, rolled back; and what is refused."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import IntegrityError
from django.utils import timezone

from chat.models import Character, InferenceWorker, Release
from chat.serving.refusals import ServingRefused
from chat.serving.register import register_adapter
from chat.serving.roll_back import roll_back
from chat.serving.settle import DEATHS, begin_verifying, make_live
from chat.serving.taint import taint_adapter
from tests.adapter_folders import seal, write_adapter
from tests.builders import build_character
from tests.integration.live import running_worker
from tests.integration.voices import PromptEngine, decide, is_of_one_voice, open_room, roll_back_live, swap, talk

pytestmark = pytest.mark.django_db(transaction=True)


def build_engine(**fields: object) -> PromptEngine:
    return PromptEngine(**{"slots": 4, "tokens_per_second": 400, "reply_tokens": 20, **fields})


async def test_a_published_adapter_is_verified_goes_live_and_speaks(character, adapters):
    room = await database_sync_to_async(open_room)(character)
    async with running_worker(engine=build_engine()) as worker:
        release = await swap(adapters[0])
        assert (release.state, release.character.adapter) == ("live", adapters[0].name)
        assert release.dt_decided <= release.dt_verified <= release.dt_live
        assert release.figures["workers"] == {worker.name: "confirmed"}
        reply = await talk(room)
    assert reply.adapter == adapters[0].name
    assert is_of_one_voice(reply)


async def test_a_worker_that_starts_later_has_what_is_live_before_it_writes(character, adapters):
    room = await database_sync_to_async(open_room)(character)
    async with running_worker(engine=build_engine()):
        await swap(adapters[0])
    engine = build_engine()
    async with running_worker(engine=engine):
        assert is_of_one_voice(await talk(room))
    assert engine.adapters == {adapters[0].name}


async def test_the_next_release_ends_the_one_before(character, adapters):
    async with running_worker(engine=build_engine()):
        first, second = await swap(adapters[0]), await swap(adapters[1])
    await database_sync_to_async(first.refresh_from_db)()
    assert (first.state, second.state, second.former_id) == ("superseded", "live", first.pk)
    assert second.previous_adapter_id == adapters[0].pk


async def test_rolling_back_gives_the_next_reply_to_the_adapter_before(character, adapters):
    room = await database_sync_to_async(open_room)(character)
    async with running_worker(engine=build_engine()):
        for adapter in adapters[:2]:
            await swap(adapter)
        ended = await database_sync_to_async(roll_back_live)(character)
        reply = await talk(room)
    assert (ended.state, ended.adapter_id, ended.end_reason) == ("rolled_back", adapters[1].pk, "worse")
    assert reply.adapter == adapters[0].name
    assert (reply.dt_first_token - ended.dt_ended).total_seconds() < 10


async def test_rolling_back_again_ends_at_the_bare_lm_and_then_goes_no_further(character, adapters):
    async with running_worker(engine=build_engine()):
        for adapter in adapters:
            await swap(adapter)
    for name in (adapters[1].name, adapters[0].name, ""):
        await database_sync_to_async(roll_back_live)(character)
        assert (await database_sync_to_async(Character.objects.get)(pk=character.pk)).adapter == name
    with pytest.raises(ServingRefused, match="nothing_to_roll_back"):
        await database_sync_to_async(roll_back_live)(character)


async def test_an_adapter_for_another_base_is_refused_by_the_worker(character, adapters):
    engine = build_engine()
    engine.base_sha256 = "c" * 64
    async with running_worker(engine=engine):
        release = await swap(adapters[0])
    assert (release.state, release.refusal_code) == ("refused", "wrong_base")
    assert release.character.adapter == ""


def test_registering_twice_gives_one_row_and_one_folder(character, settings, tmp_path: Path):
    folder = write_adapter(tmp_path / "trained")
    first, second = register_adapter(folder, character), register_adapter(folder, character)
    assert first == second
    assert [place.name for place in settings.MARY_PUBLISHED_FOLDER.iterdir()] == [first.name]


def test_a_run_that_began_again_and_made_the_same_weights_gets_the_row_of_its_first_attempt(character, tmp_path: Path):
    folder = write_adapter(tmp_path / "trained")
    first = register_adapter(folder, character)
    seal(folder, notes="run 2")
    again = register_adapter(folder, character)
    assert (again, again.manifest) == (first, first.manifest)


def test_a_base_that_no_worker_runs_is_refused_at_once(character, tmp_path: Path):
    InferenceWorker.objects.create(name="w", engine="llamacpp", lm="gemma@a5fd3b62230a", slots=1)
    with pytest.raises(ServingRefused, match="wrong_base"):
        register_adapter(write_adapter(tmp_path / "trained"), character)


@pytest.mark.parametrize("percent", [-1, 51])
def test_a_share_beyond_half_is_refused(adapters, percent):
    with pytest.raises(ServingRefused, match="canary_share_bad"):
        decide(adapters[0], canary_percent=percent)


def test_a_decision_that_contradicts_another_is_refused(character, adapters):
    decide(adapters[0])
    with pytest.raises(ServingRefused, match="already_open"):
        decide(adapters[1])
    with pytest.raises(ServingRefused, match="wrong_character"):
        decide(adapters[1], character=build_character(f"c{uuid4().hex[:6]}"))


def test_a_decision_that_is_called_off_leaves_no_trace_in_the_voice(character, adapters):
    release = decide(adapters[0])
    roll_back(release.pk, decided_by=None, reason="wrong one")
    character.refresh_from_db()
    assert character.adapter == ""
    decide(adapters[0])


def test_a_tainted_adapter_is_neither_published_nor_rolled_back_to(character, adapters):
    for adapter in adapters[:2]:
        make_live(Release(character=character, adapter=adapter))
    taint_adapter(adapters[0], reason="erased")
    with pytest.raises(ServingRefused, match="tainted"):
        decide(adapters[0])
    roll_back_live(character)
    character.refresh_from_db()
    live = Release.objects.live().get()
    assert (character.adapter, live.adapter, live.reason) == ("", None, "worse")


def test_after_the_bare_lm_an_adapter_goes_live_again_and_back_to_it(character, adapters):
    make_live(Release(character=character, adapter=adapters[0]))
    roll_back_live(character)
    make_live(Release(character=Character.objects.get(pk=character.pk), adapter=adapters[1]))
    roll_back_live(character)
    character.refresh_from_db()
    assert character.adapter == ""


def test_an_adapter_that_killed_two_workers_is_refused_before_it_kills_a_third(adapters):
    release = decide(adapters[0])
    for number in range(DEATHS):
        assert begin_verifying(release.pk, f"dead-{number}")
    assert not begin_verifying(release.pk, "next")
    release.refresh_from_db()
    assert (release.state, release.refusal_code) == ("refused", "worker_died")


def test_what_an_adapter_is_never_changes(adapters):
    with pytest.raises(Exception, match="adapter"):
        type(adapters[0]).objects.filter(pk=adapters[0].pk).update(gguf_sha256="0" * 64)


def test_two_live_releases_of_one_character_cannot_be_stored(character):
    stamps = {"state": "live", "dt_verified": timezone.now(), "dt_live": timezone.now()}
    Release.objects.create(character=character, **stamps)
    with pytest.raises(IntegrityError, match="release_one_live_for_character"):
        Release.objects.create(character=character, **stamps)
