"""Voices change while people are talked to: nobody is cut off, and nobody hears two voices in one reply."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from channels.db import database_sync_to_async

from chat.models import Adapter, Character, Counsel, Reply
from chat.serving import copy
from chat.serving.refusals import ServingRefused
from chat.serving.register import register_adapter
from chat.serving.stored import locate_folder
from tests.adapter_folders import cut, flip_bit, seal, write_adapter
from tests.integration.live import running_worker
from tests.integration.voices import PromptEngine, is_of_one_voice, open_room, swap, talk

pytestmark = pytest.mark.django_db(transaction=True)

SWAPS = 200
STREAMS = 20
REFUSED_UNDER = 10


@asynccontextmanager
async def talking(rooms: list[Counsel]) -> AsyncIterator[list[Reply]]:
    """In each room one message after the other; at the end, all the replies there were."""
    replies: list[Reply] = []
    is_over = asyncio.Event()

    async def keep_talking(room: Counsel) -> None:
        while not is_over.is_set():
            replies.append(await talk(room))

    talks = [asyncio.create_task(keep_talking(room)) for room in rooms]
    try:
        yield replies
    finally:
        is_over.set()
        await asyncio.gather(*talks)


async def open_rooms(character: Character, count: int) -> list[Counsel]:
    return [await database_sync_to_async(open_room)(character) for _ in range(count)]


def build_engine() -> PromptEngine:
    return PromptEngine(slots=STREAMS, tokens_per_second=40, reply_tokens=60)


async def test_two_hundred_swaps_under_twenty_streams_drop_none_and_mix_none(character, adapters):
    engine = build_engine()
    rooms = await open_rooms(character, STREAMS)
    async with running_worker(engine=engine):
        await swap(adapters[0])
        async with talking(rooms) as replies:
            for number in range(1, SWAPS + 1):
                release = await swap(adapters[number % len(adapters)])
                assert release.state == "live", release.refusal_code
    print(f"{SWAPS} swaps, {len(replies)} replies by {len({reply.adapter for reply in replies})} adapters")
    assert [reply for reply in replies if not is_of_one_voice(reply) or reply.attempt != 1] == []
    assert len(replies) >= STREAMS
    assert len({reply.adapter for reply in replies}) == len(adapters)


SPOILED_FOLDERS: dict[str, Callable[[Path], object]] = {
    "truncated at 0 %": lambda folder: cut(folder / "adapter.gguf", 0),
    "truncated at 50 %": lambda folder: cut(folder / "adapter.gguf", 0.5),
    "truncated at 99 %": lambda folder: cut(folder / "adapter.gguf", 0.99),
    "one bit flipped": lambda folder: flip_bit(folder / "adapter.gguf"),
    "wrong base": lambda folder: seal(folder, base_digest="b" * 64),
    "missing config": lambda folder: (folder / "adapter_config.json").unlink(),
    "pickle": lambda folder: (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin"),
    "link out of the folder": lambda folder: (folder / "notes").symlink_to("/etc/passwd"),
    "climbing name": lambda folder: seal(folder, name="../mina"),
}
SPOILED_WEIGHTS = {
    "nan": {"weight": float("nan")},
    "wrong rank": {"rank": 3},
    "other architecture": {"architecture": "llama"},
}


def refuse_folders(character: Character, folder: Path) -> list[str]:
    """The codes under which each bad folder is refused, whether at registering or, with no worker's base, later."""
    places = {name: write_adapter(folder / f"bad-{name}", seed=9) for name in SPOILED_FOLDERS}
    for name, place in places.items():
        SPOILED_FOLDERS[name](place)
    places |= {name: write_adapter(folder / name, seed=9, **made) for name, made in SPOILED_WEIGHTS.items()}
    codes = []
    for place in places.values():
        try:
            register_adapter(place, character)
        except ServingRefused as refusal:
            codes.append(refusal.code)
    return codes


async def test_bad_folders_are_refused_under_load_and_the_live_voice_goes_on(character, adapters, tmp_path: Path):
    rooms = await open_rooms(character, REFUSED_UNDER)
    async with running_worker(engine=build_engine()) as worker:
        await swap(adapters[0])
        async with talking(rooms) as replies:
            codes = await database_sync_to_async(refuse_folders)(character, tmp_path / "bad")
    assert len(codes) == len(SPOILED_FOLDERS) + len(SPOILED_WEIGHTS) - 1  # the wrong base only the worker knows
    assert {reply.adapter for reply in replies} == {adapters[0].name}
    assert all(is_of_one_voice(reply) for reply in replies)
    assert worker.engine.adapters == {adapters[0].name}


async def refuse_later(adapter: Adapter, spoil: Callable[[Path], object]) -> str:
    """Spoil what was registered whole, publish it, and see what the worker says."""
    folder = locate_folder(adapter)
    for path in (folder, folder / "adapter.gguf"):
        path.chmod(0o755)
    spoil(folder)
    return (await swap(adapter)).refusal_code


async def test_a_file_that_goes_bad_after_it_was_registered_is_refused_under_load(character, adapters):
    rooms = await open_rooms(character, REFUSED_UNDER)
    async with running_worker(engine=build_engine()):
        await swap(adapters[0])
        async with talking(rooms) as replies:
            codes = [
                await refuse_later(adapters[1], shutil.rmtree),
                await refuse_later(adapters[2], lambda folder: flip_bit(folder / "adapter.gguf")),
            ]
    assert codes == ["file_missing", "digest_mismatch"]
    assert {reply.adapter for reply in replies} == {adapters[0].name}
    assert all(is_of_one_voice(reply) for reply in replies)


async def test_a_file_removed_between_check_and_load_is_refused(character, adapters, monkeypatch):
    engine = build_engine()
    load = engine.load_adapters

    async def remove_and_load(files):
        shutil.rmtree(locate_folder(adapters[1]))
        await load(files)

    async with running_worker(engine=engine):
        await swap(adapters[0])
        monkeypatch.setattr(engine, "load_adapters", remove_and_load)
        release = await swap(adapters[1])
    assert (release.state, release.refusal_code) == ("refused", "load_failed")
    assert engine.adapters == {adapters[0].name}


async def test_an_adapter_that_changes_how_the_live_one_speaks_is_refused(character, adapters, monkeypatch):
    engine = build_engine()
    generate = engine.generate

    async def change_voice(request):
        async for piece in generate(request):
            if adapters[1].name in engine.adapters and hasattr(piece, "text"):
                yield type(piece)(f"{piece.text} 딴소리")
            else:
                yield piece

    async with running_worker(engine=engine):
        await swap(adapters[0])
        monkeypatch.setattr(engine, "generate", change_voice)
        release = await swap(adapters[1])
    assert (release.state, release.refusal_code) == ("refused", "live_changed")
    assert release.character.adapter == adapters[0].name


def test_a_full_disk_refuses_and_leaves_nothing(character, tmp_path: Path, monkeypatch, settings):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copy.shutil, "copyfileobj", fail)
    with pytest.raises(ServingRefused, match="copy_failed: No space left"):
        register_adapter(write_adapter(tmp_path / "trained"), character)
    assert list(settings.MARY_PUBLISHED_FOLDER.iterdir()) == []
    assert not Adapter.objects.exists()
