"""Voices change while people are talked to: nobody is cut off, and nobody hears two voices in one reply."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from channels.db import database_sync_to_async
from django.conf import settings

from chat.models import Adapter, Character, Counsel
from chat.serving import copy
from chat.serving.refusals import ServingRefused
from chat.serving.register import register_adapter
from chat.serving.stored import locate_folder
from tests.adapter_folders import MODULES, cut, flip_bit, seal, write_adapter
from tests.integration.live import LiveSocket, open_socket, running_worker
from tests.integration.voices import Heard, PromptEngine, is_undisturbed, listen, open_room, swap

pytestmark = pytest.mark.django_db(transaction=True)

SWAPS = 200
STREAMS = 20
REFUSED_UNDER = 10


@asynccontextmanager
async def talking(rooms: list[Counsel]) -> AsyncIterator[list[Heard]]:
    """In each room, over its user's socket, one message after the other; at the end, all that was answered."""
    heard: list[Heard] = []
    is_over = asyncio.Event()

    async def keep_talking(socket: LiveSocket, room: Counsel) -> None:
        while not is_over.is_set():
            heard.append(await listen(socket, room))

    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_socket(room.user)) for room in rooms]
        for socket, room in zip(sockets, rooms, strict=True):
            await socket.send("room.open", counsel_id=room.pk)
            await socket.receive("room.opened")
        talks = [asyncio.create_task(keep_talking(*pair)) for pair in zip(sockets, rooms, strict=True)]
        await asyncio.sleep(0)  # each has said something
        try:
            yield heard
        finally:
            is_over.set()
            await asyncio.gather(*talks)


async def open_rooms(character: Character, count: int) -> list[Counsel]:
    return [await database_sync_to_async(open_room)(character) for _ in range(count)]


def build_engine() -> PromptEngine:
    return PromptEngine(slots=STREAMS, tokens_per_second=10, reply_tokens=15)


@pytest.mark.timeout(600)  # a minute where nothing else runs
async def test_two_hundred_swaps_under_twenty_streams_drop_none_and_mix_none(character, adapters):
    engine = build_engine()
    rooms = await open_rooms(character, STREAMS)
    async with running_worker(engine=engine):
        await swap(adapters[0])
        async with talking(rooms) as heard:
            for number in range(1, SWAPS + 1):
                release = await swap(adapters[number % len(adapters)])
                assert release.state == "live", release.refusal_code
    spoke = {each.reply.adapter for each in heard}
    print(f"{SWAPS} swaps, {len(heard)} streams by {len(spoke)} adapters")
    assert [each for each in heard if not is_undisturbed(each)] == []
    assert len(heard) >= STREAMS
    assert spoke == {adapter.name for adapter in adapters}


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
    "ten times too large": lambda folder: os.truncate(folder / "adapter.gguf", 10 * settings.MARY_ADAPTER_BYTES),
}
SPOILED_WEIGHTS = {
    "nan": {"weight": float("nan")},
    "wrong rank": {"rank": 3},
    "other architecture": {"architecture": "llama"},
    "a module too many": {"modules": {**MODULES, "k_proj": "attn_k"}},
}


def refuse_folders(character: Character, folder: Path) -> list[str]:
    """The codes under which each bad folder is refused, whether at registering or, with no worker's base, later."""
    places = {name: write_adapter(folder / f"bad-{name}", seed=9) for name in SPOILED_FOLDERS}
    for name, place in places.items():
        SPOILED_FOLDERS[name](place)
    places |= {name: write_adapter(folder / name, seed=9, **made) for name, made in SPOILED_WEIGHTS.items()}
    codes = [find_refusal(character, place) for place in places.values()]
    with full_disk():
        codes.append(find_refusal(character, write_adapter(folder / "whole", seed=8)))
    return [code for code in codes if code]


def find_refusal(character: Character, place: Path) -> str:
    try:
        register_adapter(place, character)
    except ServingRefused as refusal:
        return refusal.code
    return ""


@contextmanager
def full_disk() -> Iterator[None]:
    """For copies of adapters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy.shutil, "copyfileobj", Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        yield


async def test_bad_folders_are_refused_under_load_and_the_live_voice_goes_on(character, adapters, tmp_path: Path):
    rooms = await open_rooms(character, REFUSED_UNDER)
    async with running_worker(engine=build_engine()) as worker:
        await swap(adapters[0])
        async with talking(rooms) as heard:
            codes = await database_sync_to_async(refuse_folders)(character, tmp_path / "bad")
    # With a full disk one more, and one less: the wrong base only the worker knows.
    assert len(codes) == len(SPOILED_FOLDERS) + len(SPOILED_WEIGHTS)
    assert {"too_large", "targets_mismatch", "copy_failed"} <= set(codes)
    assert_only(adapters[0], heard)
    assert worker.engine.adapters == {adapters[0].name}


def assert_only(adapter: Adapter, heard: list[Heard]) -> None:
    """Streams there were, none of them disturbed, and all with this voice."""
    assert {each.reply.adapter for each in heard} == {adapter.name}
    assert [each for each in heard if not is_undisturbed(each)] == []


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
        async with talking(rooms) as heard:
            codes = [
                await refuse_later(adapters[1], shutil.rmtree),
                await refuse_later(adapters[2], lambda folder: flip_bit(folder / "adapter.gguf")),
            ]
    assert codes == ["file_missing", "digest_mismatch"]
    assert_only(adapters[0], heard)


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


def test_a_full_disk_refuses_and_leaves_nothing(character, tmp_path: Path, settings):
    with full_disk(), pytest.raises(ServingRefused, match="copy_failed: No space left"):
        register_adapter(write_adapter(tmp_path / "trained"), character)
    assert list(settings.MARY_PUBLISHED_FOLDER.iterdir()) == []
    assert not Adapter.objects.exists()
