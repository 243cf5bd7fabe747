"""`python -m benchmarks.sockets`: a thousand idle sockets on one web process, and what each of them costs."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import psutil
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.results import write_result
from tests.stack_process import Person, StackProcess, end_gently_on_sigterm

SOCKETS_PER_USER: Final = 8  # MARY_SOCKETS_PER_USER
AT_ONCE: Final = 20
IDLE_SECONDS: Final = 30.0
PINGS: Final = 200


async def open_socket(stack: StackProcess, person: Person) -> ClientConnection:
    """A socket with its room open, as a browser tab holds it."""
    socket = await connect(
        stack.origin.replace("http", "ws", 1) + "/ws/v1/",
        origin=stack.origin,  # type: ignore[arg-type]
        additional_headers={"Authorization": f"Token {person.token}"},
        ping_interval=None,
        open_timeout=60,
    )
    await socket.send(json.dumps({"type": "room.open", "counsel_id": person.counsel_id}))
    await wait_for_frame(socket, "room.opened")
    return socket


async def wait_for_frame(socket: ClientConnection, kind: str) -> None:
    async for text in socket:
        if json.loads(text)["type"] == kind:
            return


async def time_pings(sockets: list[ClientConnection]) -> list[float]:
    """Milliseconds from ping to pong, one socket after the other."""
    times = []
    for socket in sockets[:PINGS]:
        asked_at = time.perf_counter()
        await socket.send('{"type":"ping"}')
        await wait_for_frame(socket, "pong")
        times.append((time.perf_counter() - asked_at) * 1000)
    return times


async def measure(stack: StackProcess, count: int) -> dict[str, Any]:
    web = psutil.Process(stack.get_pid("web"))
    people = stack.make_people(-(-count // SOCKETS_PER_USER))
    async with AsyncExitStack() as warm:
        for person in people[:AT_ONCE]:
            warm.push_async_callback((await open_socket(stack, person)).close)
    before = web.memory_info().rss
    sockets: list[ClientConnection] = []
    for start in range(0, count, AT_ONCE):
        batch = range(start, min(start + AT_ONCE, count))
        sockets += await asyncio.gather(*(open_socket(stack, people[i // SOCKETS_PER_USER]) for i in batch))
    after = web.memory_info().rss
    busy_before = sum(web.cpu_times()[:2])
    await asyncio.sleep(IDLE_SECONDS)
    busy = sum(web.cpu_times()[:2]) - busy_before
    pings = await time_pings(sockets)
    alive = sum(socket.close_code is None for socket in sockets)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return {
        "sockets": count,
        "alive_after_idle": alive,
        "idle_seconds": IDLE_SECONDS,
        "rss_before_mib": round(before / 2**20, 1),
        "rss_after_mib": round(after / 2**20, 1),
        "kib_per_socket": round((after - before) / count / 1024, 1),
        "idle_cpu_percent": round(100 * busy / IDLE_SECONDS, 1),
        "ping_ms_median": round(statistics.median(pings), 1),
        "ping_ms_p99": round(statistics.quantiles(pings, n=100)[98], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--dry", action="store_true", help="print, but keep no result")
    arguments = parser.parse_args()
    end_gently_on_sigterm()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    with tempfile.TemporaryDirectory(prefix="mymary-bench-") as folder, StackProcess(Path(folder)) as stack:
        figures = asyncio.run(measure(stack, arguments.sockets))
    print(json.dumps(figures, indent=2))
    if not arguments.dry:
        print(write_result("sockets", figures))


if __name__ == "__main__":
    main()
