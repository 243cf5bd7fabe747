"""How tokens come from llama.cpp's threads into the event loop. The engine itself is met in tests/integration."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from chat.inference.engines.llamacpp import GATHER_SECONDS, Handover

TOKENS = 200
REQUESTS = 4


async def test_pieces_of_several_threads_arrive_whole_and_in_their_order() -> None:
    handover = Handover(asyncio.get_running_loop())
    queues: list[asyncio.Queue] = [asyncio.Queue() for _ in range(REQUESTS)]

    def write(queue: asyncio.Queue) -> None:
        for number in range(TOKENS):
            handover.put(queue, {"number": number}, is_urgent=number == 0)
        handover.put(queue, None, is_urgent=True)

    with ThreadPoolExecutor(REQUESTS) as threads:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(threads, write, queue) for queue in queues))
        for queue in queues:
            arrived = [await asyncio.wait_for(queue.get(), 5) for _ in range(TOKENS + 1)]
            assert arrived == [*({"number": number} for number in range(TOKENS)), None]


async def test_what_is_urgent_arrives_before_the_next_delivery_and_brings_what_waits() -> None:
    handover, queue = Handover(asyncio.get_running_loop()), asyncio.Queue()
    handover.put(queue, {"number": 1}, is_urgent=False)
    await asyncio.sleep(0)
    assert queue.empty()
    handover.put(queue, None, is_urgent=True)
    await asyncio.sleep(0)
    assert [queue.get_nowait(), queue.get_nowait()] == [{"number": 1}, None]


async def test_tokens_without_hurry_are_delivered_together_again_and_again() -> None:
    handover, queue = Handover(asyncio.get_running_loop()), asyncio.Queue()
    for round_number in range(3):
        for number in range(5):
            handover.put(queue, {"number": number}, is_urgent=False)
        await asyncio.wait_for(queue.get(), 5)
        assert queue.qsize() == 4, round_number
        while not queue.empty():
            queue.get_nowait()
    await asyncio.sleep(GATHER_SECONDS * 2)
    assert queue.empty()
