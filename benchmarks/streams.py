"""One streamed answer, timed the same way on both sides: through the whole stack, and from the bare server."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tests.protocol_client import ProtocolClient

REPLY_SECONDS = 300.0


@dataclass(frozen=True)
class Streamed:
    """Clock readings in seconds (perf_counter)."""

    asked_at: float
    first_at: float
    last_at: float
    tokens: int

    @property
    def first_seconds(self) -> float:
        return self.first_at - self.asked_at


def tokens_per_second(streams: list[Streamed]) -> float:
    """From the first question to the last token of all."""
    seconds = max(stream.last_at for stream in streams) - min(stream.asked_at for stream in streams)
    return sum(stream.tokens for stream in streams) / seconds


async def ask_stack(client: ProtocolClient, message: str, tokens: int) -> Streamed:
    """The client's clock must be perf_counter. Raises RuntimeError for a reply that did not end as done."""
    asked_at = time.perf_counter()
    dialog = await client.send_message(message)
    transcript = await client.wait_for_end(dialog["replies"][0]["id"], REPLY_SECONDS)
    if transcript.state != "done" or not transcript.is_whole_by_deltas:
        raise RuntimeError(f"{transcript.state} {transcript.error_code} {client.violations}")
    return Streamed(asked_at, transcript.arrivals[0][0], transcript.arrivals[-1][0], tokens)


class BareServer:
    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).hostname or ""
        self._port = urlsplit(address).port or 0
        self._address = address

    def count_tokens(self, text: str) -> int:
        body = json.dumps({"content": text, "add_special": False}).encode()
        request = Request(f"{self._address}/tokenize", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            return len(json.load(answer)["tokens"])

    async def ask(self, body: dict[str, Any]) -> Streamed:
        asked_at = time.perf_counter()
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=2**20)
        payload = json.dumps(body).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)
        try:
            return await self._read(reader, asked_at)
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, asked_at: float) -> Streamed:
        first_at = last_at = 0.0
        tokens = 0
        async for line in reader:
            if not line.startswith(b"data: {"):
                continue
            piece = json.loads(line[6:])
            if text := "".join(choice.get("text") or "" for choice in piece.get("choices", ())):
                last_at = time.perf_counter()
                # The first text that can be seen: the product trims the blank before it.
                first_at = first_at or (last_at if text.strip() else 0.0)
            if usage := piece.get("usage"):
                tokens = usage["completion_tokens"]
        if not tokens:
            raise RuntimeError("the bare server ended a stream without its usage")
        return Streamed(asked_at, first_at, last_at, tokens)
