"""The log writer loses nothing and repeats nothing for a reader, whatever Valkey does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as ValkeyAway

from chat.inference import log_writer
from chat.inference.log_writer import LogWriter, ReplyText
from chat.token_log import Entry, LogCursor, log_key

REPLY = UUID("0b6e2f64-9f2c-4c7e-8f0e-6b6f4f0a1c11")
OTHER = UUID("7d1a52c3-5a0e-4b63-9a43-3f5f0f0f2b22")
TEXT = "그랬군요. 오늘은 마음이 조금 무거웠겠어요. 🙂"


class MemoryStreams:
    """The Valkey commands that the log writer uses, in memory. `is_away` refuses; `is_mute` acts, then breaks."""

    def __init__(self) -> None:
        self.streams: dict[str, list[dict[str, Any]]] = {}
        self.is_away = False
        self.is_mute = False

    def pipeline(self, *, transaction: bool) -> MemoryPipeline:
        return MemoryPipeline(self)

    def append(self, key: str, fields: dict[str, Any], nomkstream: bool) -> str | None:
        if nomkstream and key not in self.streams:
            return None
        self.streams.setdefault(key, []).append(fields)
        return "1-1"

    def list_entries(self, reply_id: UUID = REPLY) -> list[Entry]:
        rows = self.streams.get(log_key(reply_id), [])
        return [Entry(row["a"], row["o"], row["t"], bool(row["e"])) for row in rows]

    def read(self, reply_id: UUID = REPLY) -> str:
        cursor = LogCursor()
        return "".join(new.text for entry in self.list_entries(reply_id) if (new := cursor.take(entry)))


class MemoryPipeline:
    def __init__(self, server: MemoryStreams) -> None:
        self._server = server
        self._commands: list[Callable[[], Any]] = []

    def xadd(self, key: str, fields: dict[str, Any], *, nomkstream: bool) -> None:
        self._commands.append(lambda: self._server.append(key, fields, nomkstream))

    def expire(self, key: str, seconds: int) -> None:
        self._commands.append(lambda: True)

    async def execute(self) -> list[Any]:
        if self._server.is_away:
            raise ValkeyAway
        results = [command() for command in self._commands]
        if self._server.is_mute:
            raise ValkeyAway
        return results


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTERVAL_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(log_writer, name, 0.001)


@pytest.fixture
def server() -> MemoryStreams:
    return MemoryStreams()


@asynccontextmanager
async def writing(server: MemoryStreams, may_write: Callable[[], bool] = lambda: True) -> AsyncIterator[LogWriter]:
    writer = LogWriter(server, keep_seconds=900, may_write=may_write)  # type: ignore[arg-type]
    loop = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def push_slowly(writer: LogWriter, text: ReplyText, words: str) -> None:
    for letter in words:
        writer.push(text, letter)
        await asyncio.sleep(0.001)


async def test_text_reaches_the_log_in_order_and_ends_once(server):
    async with writing(server) as writer:
        text = writer.open(REPLY, 1)
        await push_slowly(writer, text, TEXT)
        await writer.close(text, timeout_seconds=1)
    assert server.read() == TEXT
    assert [entry.is_end for entry in server.list_entries()].count(True) == 1
    assert server.list_entries()[-1].is_end


async def test_the_first_entry_comes_before_any_text_and_says_that_writing_began(server):
    async with writing(server) as writer:
        writer.open(REPLY, 3)
        await asyncio.sleep(0.02)
    assert server.list_entries() == [Entry(3, 0, "")]


async def test_two_replies_are_kept_apart(server):
    async with writing(server) as writer:
        texts = {reply_id: writer.open(reply_id, 1) for reply_id in (REPLY, OTHER)}
        await asyncio.gather(push_slowly(writer, texts[REPLY], TEXT), push_slowly(writer, texts[OTHER], TEXT[::-1]))
        await asyncio.gather(*(writer.close(text, timeout_seconds=1) for text in texts.values()))
    assert (server.read(REPLY), server.read(OTHER)) == (TEXT, TEXT[::-1])


@pytest.mark.parametrize("trouble", ["is_away", "is_mute"])
async def test_an_outage_in_the_middle_costs_a_reader_nothing(server, trouble):
    async with writing(server) as writer:
        text = writer.open(REPLY, 1)
        await push_slowly(writer, text, TEXT[:10])
        setattr(server, trouble, True)
        await push_slowly(writer, text, TEXT[10:])
        setattr(server, trouble, False)
        await writer.close(text, timeout_seconds=1)
    assert server.read() == TEXT
    assert server.list_entries()[-1].is_end


async def test_a_vanished_stream_is_written_again_from_the_beginning(server):
    async with writing(server) as writer:
        text = writer.open(REPLY, 1)
        await push_slowly(writer, text, TEXT[:10])
        server.streams.clear()
        await push_slowly(writer, text, TEXT[10:])
        await writer.close(text, timeout_seconds=1)
    assert server.list_entries()[0].offset == 0
    assert server.read() == TEXT


async def test_one_vanished_stream_leaves_the_others_alone(server):
    async with writing(server) as writer:
        texts = {reply_id: writer.open(reply_id, 1) for reply_id in (REPLY, OTHER)}
        await asyncio.gather(*(push_slowly(writer, text, TEXT[:10]) for text in texts.values()))
        await asyncio.sleep(0.02)
        del server.streams[log_key(REPLY)]
        await asyncio.gather(*(push_slowly(writer, text, TEXT[10:]) for text in texts.values()))
        await asyncio.gather(*(writer.close(text, timeout_seconds=1) for text in texts.values()))
    assert (server.read(REPLY), server.read(OTHER)) == (TEXT, TEXT)
    assert [entry.offset for entry in server.list_entries(OTHER)].count(0) <= 2  # the opening and the first text


async def test_a_lost_lease_writes_not_one_more_entry(server):
    async with writing(server) as writer:
        text = writer.open(REPLY, 1)
        await push_slowly(writer, text, TEXT[:5])
        await asyncio.sleep(0.02)
        writer.drop(text)
        writer.push(text, TEXT[5:])
        await asyncio.sleep(0.02)
    assert server.read() == TEXT[:5]


async def test_nothing_is_written_while_the_leases_are_in_doubt_and_all_of_it_after(server):
    trust = asyncio.Event()
    async with writing(server, may_write=trust.is_set) as writer:
        text = writer.open(REPLY, 1)
        await push_slowly(writer, text, TEXT)
        assert server.streams == {}
        trust.set()
        await writer.close(text, timeout_seconds=1)
    assert server.read() == TEXT


async def test_closing_gives_up_on_a_valkey_that_stays_away(server):
    server.is_away = True
    async with writing(server) as writer:
        text = writer.open(REPLY, 1)
        writer.push(text, TEXT)
        await writer.close(text, timeout_seconds=0.05)
    assert not text.is_end_logged
    assert server.streams == {}
