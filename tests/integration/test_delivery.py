"""Every token arrives: 60 and 200 sockets on one web process, and a channel layer that loses all nudges."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.droppy_layer import DROP_FILE
from tests.protocol_client import ProtocolClient, Transcript
from tests.stack_process import Person, StackProcess

TOKENS_PER_SECOND = 30.0
REPLY_TOKENS = 180
DROP_SECONDS = 5.0
BETWEEN_STARTS_SECONDS = 0.01
END_SECONDS = 90.0


@dataclass
class Delivery:
    """Replies as their readers saw them. A delay is how late a token came, against the steady rate of the engine."""

    transcripts: list[Transcript]
    violations: list[str]

    @property
    def whole(self) -> int:
        return sum(bool(transcript.is_whole_by_deltas) for transcript in self.transcripts)

    def list_delays(self) -> list[float]:
        return sorted(delay for transcript in self.transcripts for delay in measure_delays(transcript))


@pytest.fixture(scope="module")
def drop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nudges") / "drop"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, drop_file: Path) -> Iterator[StackProcess]:
    with StackProcess(
        tmp_path_factory.mktemp("delivery"),
        slots=200,
        tokens_per_second=TOKENS_PER_SECOND,
        reply_tokens=REPLY_TOKENS,
        settings_module="tests.droppy_settings",
        environ={DROP_FILE: str(drop_file)},
    ) as running:
        yield running


@pytest.fixture(scope="module")
def people(stack: StackProcess) -> list[Person]:
    return stack.make_people(200)


@pytest.mark.parametrize("sockets", [60, 200])
def test_every_token_arrives(stack: StackProcess, people: list[Person], sockets: int) -> None:
    delivery = asyncio.run(stream_to_all(stack, people[:sockets]))
    show(sockets, delivery)
    assert delivery.violations == []
    assert delivery.whole == sockets
    assert all(count_tokens(transcript) == REPLY_TOKENS for transcript in delivery.transcripts)


def test_every_token_arrives_while_all_nudges_are_lost(
    stack: StackProcess, people: list[Person], drop_file: Path
) -> None:
    delivery = asyncio.run(stream_to_all(stack, people[:60], drop_file=drop_file))
    show(60, delivery)
    assert delivery.violations == []
    assert delivery.whole == 60
    assert {transcript.state for transcript in delivery.transcripts} == {"done"}


def test_a_reader_who_loses_the_line_resumes_where_the_text_was(stack: StackProcess, people: list[Person]) -> None:
    """Also one who comes back with the room's newest version, and lacks only the text that is being written."""
    clients = [ProtocolClient(stack.origin, person, seed=number) for number, person in enumerate(people[:20])]
    transcripts = asyncio.run(lose_the_line(clients))
    assert [client.violations for client in clients] == [[]] * 20
    assert [client.connects for client in clients] == [2] * 20
    assert all(transcript.is_whole_by_deltas for transcript in transcripts)
    assert all(count_tokens(transcript) == REPLY_TOKENS for transcript in transcripts)


async def lose_the_line(clients: list[ProtocolClient]) -> list[Transcript]:
    """Each a little later in its reply than the one before."""
    async with AsyncExitStack() as sockets:
        await asyncio.gather(*(sockets.enter_async_context(client.running()) for client in clients))
        replies = [asyncio.create_task(hear_one_reply(client)) for client in clients]
        for client in clients:
            await asyncio.sleep(REPLY_TOKENS / TOKENS_PER_SECOND / (len(clients) + 4))
            await client.drop_connection()
        return list(await asyncio.gather(*replies))


async def stream_to_all(stack: StackProcess, people: list[Person], drop_file: Path | None = None) -> Delivery:
    """Replies to all at the same time, begun within 2 s; with a file, nudges are lost from before the first one on."""
    clients = [ProtocolClient(stack.origin, person, seed=number) for number, person in enumerate(people)]
    async with AsyncExitStack() as sockets:
        await asyncio.gather(*(sockets.enter_async_context(client.running()) for client in clients))
        dropping = asyncio.create_task(drop_nudges(drop_file)) if drop_file else None
        starts = [number * BETWEEN_STARTS_SECONDS for number in range(len(clients))]
        hearing = (hear_one_reply(client, after_seconds=start) for client, start in zip(clients, starts, strict=True))
        transcripts = await asyncio.gather(*hearing)
        if dropping:
            await dropping
    return Delivery(transcripts, [violation for client in clients for violation in client.violations])


async def hear_one_reply(client: ProtocolClient, *, after_seconds: float = 0.0) -> Transcript:
    await asyncio.sleep(after_seconds)
    dialog = await client.send_message(f"지금 몇 시예요? {time.time()}")
    return await client.wait_for_end(dialog["replies"][0]["id"], END_SECONDS)


async def drop_nudges(drop_file: Path) -> None:
    drop_file.touch()
    await asyncio.sleep(DROP_SECONDS)
    drop_file.unlink()


def count_tokens(transcript: Transcript) -> int:
    """The fake engine's tokens are words."""
    return len(transcript.text.split())


def measure_delays(transcript: Transcript) -> Iterator[float]:
    """For each arrival, how far behind the engine's pace it was, taking the least delayed one as on time."""
    moments = [(at, transcript.text[:held].count(" ") / TOKENS_PER_SECOND) for at, held in transcript.arrivals]
    began = min((at - due for at, due in moments), default=0.0)
    return (at - due - began for at, due in moments)


def show(sockets: int, delivery: Delivery) -> None:
    cuts = statistics.quantiles(delivery.list_delays(), n=100)
    tokens = sum(count_tokens(transcript) for transcript in delivery.transcripts)
    print(
        f"{sockets} sockets: {tokens} tokens, {delivery.whole}/{sockets} replies whole by deltas alone; "
        f"delay p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    )
