"""People who talk without pause while processes die: send, read, sometimes stop, regenerate or lose the line."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Final

from tests.protocol_client import ProtocolClient
from tests.stack_process import Person

REPLY_PATIENCE_SECONDS: Final = 90.0
STOPS, REGENERATES, LOST_LINES = 0.10, 0.10, 0.10
"""How often, of all messages."""


class Talker:
    """One stream. Every message is unique, so that the record shows whether it came once."""

    def __init__(self, origin: str, person: Person, *, seed: int, number: int, reply_seconds: float) -> None:
        self.client = ProtocolClient(origin, person, seed=seed * 1000 + number)
        self.regenerated: Counter[str] = Counter()  # dialog id → answers asked for beyond the first
        self.complaints: list[str] = []
        self._number = number
        self._reply_seconds = reply_seconds
        self._random = random.Random(seed * 1000 + number)

    async def talk(self, until: asyncio.Event) -> None:
        turn = 0
        async with self.client.running():
            while not until.is_set():
                turn += 1
                await self._take_turn(f"{self._number}번째 사람의 {turn}번째 이야기")

    async def _take_turn(self, text: str) -> None:
        dialog = await self.client.send_message(text)
        reply_id = dialog["replies"][0]["id"]
        mood = self._random.random()
        if mood < STOPS + LOST_LINES:
            await asyncio.sleep(self._random.uniform(0.0, self._reply_seconds))
            await (self.client.stop(reply_id) if mood < STOPS else self.client.drop_connection())
        await self._await_end(reply_id)
        if STOPS + LOST_LINES <= mood < STOPS + LOST_LINES + REGENERATES:
            again = await self.client.regenerate(dialog["id"])
            self.regenerated[dialog["id"]] += 1
            await self._await_end(again["replies"][-1]["id"])

    async def _await_end(self, reply_id: str) -> None:
        try:
            await self.client.wait_for_end(reply_id, REPLY_PATIENCE_SECONDS)
        except TimeoutError:
            self.complaints.append(f"reply {reply_id} was not seen to end in {REPLY_PATIENCE_SECONDS:.0f} s")
