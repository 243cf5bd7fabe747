"""Adapters, releases and talks for the tests that swap a character's voice under a running worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from channels.db import database_sync_to_async

from chat.inference.engines.fake import FakeEngine, mark_adapter
from chat.inference.protocol import Delta, GenerationRequest, Usage
from chat.models import Adapter, Character, Counsel, Release, Reply
from chat.replies.accept import accept_message
from chat.serving.publish import publish
from chat.serving.register import register_adapter
from chat.serving.roll_back import roll_back
from tests.adapter_folders import BASE, write_adapter
from tests.builders import build_room, build_user
from tests.integration.live import LiveSocket

OPEN = {"verifying", "canary"}
PATIENCE_SECONDS = 120


class PromptEngine(FakeEngine):
    """Answers canary prompts at once, so that a swap takes as long as its steps do, and users' at the given rate."""

    base_sha256 = BASE

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        if request.request_id == "canary prompt":
            yield Delta(f"{mark_adapter(request.adapter)} 그랬군요.")
            yield Usage(1, 0, 1)
            return
        async for piece in super().generate(request):
            yield piece


def make_adapter(character: Character, folder: Path, seed: int) -> Adapter:
    return register_adapter(write_adapter(folder / f"trained-{seed}", seed=seed), character)


def decide(adapter: Adapter, **fields: Any) -> Release:
    return publish(adapter, **{"decided_by": None, "reason": "passed its gate", **fields})


async def wait_until(is_so: Callable[[], Any]) -> Any:
    """What the condition, asked in a database thread, gives once it holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await database_sync_to_async(is_so)()):
            await asyncio.sleep(0.01)
        return found


async def swap(adapter: Adapter, **fields: Any) -> Release:
    """Publish it and wait for what the workers make of it."""
    release = await database_sync_to_async(decide)(adapter, **fields)
    waiting = {"verifying"} if fields.get("canary_percent") else OPEN
    await wait_until(lambda: Release.objects.exclude(state__in=waiting).filter(pk=release.pk).exists())
    return await database_sync_to_async(Release.objects.select_related("character").get)(pk=release.pk)


def roll_back_live(character: Character) -> Release:
    """The release that ended."""
    live = Release.objects.of(character).live().get()
    return roll_back(live.pk, decided_by=None, reason="worse").release


def open_room(character: Character) -> Counsel:
    return build_room(build_user(f"u{uuid4().hex[:10]}"), character)


async def talk(room: Counsel, text: str = "오늘 좀 지쳤어요") -> Reply:
    """Say something and wait for the end of the answer."""
    dialog = await database_sync_to_async(accept_message)(room.user_id, room.pk, uuid4(), text)
    reply_id: UUID = await database_sync_to_async(lambda: dialog.replies.get().pk)()
    await wait_until(lambda: Reply.objects.exclude(state__in=["queued", "running"]).filter(pk=reply_id).exists())
    return await database_sync_to_async(Reply.objects.get)(pk=reply_id)


@dataclass(frozen=True)
class Heard:
    reply: Reply
    streamed: str  # what the deltas made, as the user's socket had them


async def listen(socket: LiveSocket, room: Counsel, text: str = "오늘 좀 지쳤어요") -> Heard:
    """Say something in a room that is open on the socket, and read the answer as it streams.

    The stream may begin before the message is accepted, and a reply that begins anew is a stream that was cut off.
    """
    await socket.send("message.send", counsel_id=room.pk, client_msg_id=uuid4(), text=text)
    streamed = ""
    while True:
        frame = await socket.receive("reply.delta", "dialog.changed", "error")
        if frame["type"] == "reply.delta":
            assert (frame["attempt"], frame["offset"]) == (1, len(streamed))
            streamed += frame["text"]
            reply_id = frame["reply_id"]
        elif ended := [reply for reply in frame["dialog"]["replies"] if streamed and reply["dt_finished"]]:
            assert [reply["id"] for reply in ended] == [reply_id]
            return Heard(await database_sync_to_async(Reply.objects.get)(pk=reply_id), streamed)


def is_undisturbed(heard: Heard) -> bool:
    """Whether all of it streamed, at the first attempt, in one voice."""
    reply = heard.reply
    return is_of_one_voice(reply) and heard.streamed == reply.text and reply.attempt == 1


def is_of_one_voice(reply: Reply) -> bool:
    """Whether it is whole, and every word bears the mark of the adapter that the row names."""
    mark = mark_adapter(reply.adapter)
    return reply.state == "done" and bool(mark) and all(word.startswith(mark) for word in reply.text.split())
