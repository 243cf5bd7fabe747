"""An inference worker with the fake engine and sockets of one user, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from rest_framework.authtoken.models import Token

from chat import token_log
from chat.inference.engine import Engine
from chat.inference.engines.fake import FakeEngine
from chat.inference.worker import InferenceWorker
from chat.models import User
from mymary_site.asgi import application

ORIGIN = b"http://testserver"
PATIENCE_SECONDS = 15


@asynccontextmanager
async def running_worker(
    *,
    slots: int = 4,
    tokens_per_second: float = 400,
    reply_tokens: int = 20,
    engine: Engine | None = None,
    budget_tokens: int = 3072,
    drain_seconds: float = 25,
) -> AsyncIterator[InferenceWorker]:
    stop = asyncio.Event()
    engine = engine or FakeEngine(slots=slots, tokens_per_second=tokens_per_second, reply_tokens=reply_tokens)
    async with token_log.connect(settings.MARY_TOKEN_LOG_URL) as client:
        worker = InferenceWorker(
            engine, client, prompt_budget_tokens=budget_tokens, keep_log_seconds=60, drain_seconds=drain_seconds
        )
        serving = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            await asyncio.wait_for(serving, PATIENCE_SECONDS)


class Communicator(WebsocketCommunicator):
    """Channels' own one keeps database connections open, for tests inside a transaction; ours would run out."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


class LiveSocket:
    """A client of one user that speaks the protocol frame by frame."""

    def __init__(self, communicator: Communicator) -> None:
        self.communicator = communicator

    async def send(self, kind: str, **fields: Any) -> None:
        frame = {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}
        await self.communicator.send_to(text_data=json.dumps({"type": kind, **frame}))

    async def receive(
        self, *kinds: str, where: Callable[[dict[str, Any]], bool] = lambda frame: True
    ) -> dict[str, Any]:
        """The next frame of one of these kinds that fits; others are passed over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.communicator.receive_output(timeout=PATIENCE_SECONDS)
                assert message["type"] == "websocket.send", message
                frame = json.loads(message["text"])
                if frame["type"] in kinds and where(frame):
                    return dict(frame)

    async def refused(self, kind: str, **fields: Any) -> str:
        await self.send(kind, ref="r", **fields)
        return str((await self.receive("error", where=lambda frame: frame["ref"] == "r"))["code"])

    async def say(self, counsel_id: UUID, text: str = "오늘은 좀 지쳤어요") -> dict[str, Any]:
        """Send a message; the accepted dialog."""
        await self.send("message.send", counsel_id=counsel_id, client_msg_id=uuid4(), text=text)
        accepted = await self.receive("message.accepted", "error")
        assert accepted["type"] == "message.accepted", accepted
        return dict(accepted["dialog"])

    async def see_end(self, dialog_id: str) -> tuple[dict[str, Any], str]:
        """The dialog's newest reply once it has ended, and the text its deltas make."""
        text = ""
        while True:
            frame = await self.receive("reply.delta", "reply.started", "dialog.changed")
            if frame["type"] == "reply.started":
                text = ""
            elif frame["type"] == "reply.delta":
                assert frame["offset"] == len(text)
                text += frame["text"]
            elif frame["dialog"]["id"] == dialog_id and frame["dialog"]["replies"][-1]["dt_finished"]:
                return frame["dialog"]["replies"][-1], text


@asynccontextmanager
async def open_socket(user: User, origin: bytes = ORIGIN) -> AsyncIterator[LiveSocket]:
    token, _ = await database_sync_to_async(Token.objects.get_or_create)(user=user)
    headers = [(b"origin", origin), (b"authorization", f"Token {token.key}".encode())]
    communicator = Communicator(application, "/ws/v1/", headers=headers)
    is_connected, _ = await communicator.connect(timeout=PATIENCE_SECONDS)
    assert is_connected
    socket = LiveSocket(communicator)
    await socket.receive("hello")
    try:
        yield socket
    finally:
        await communicator.disconnect()
