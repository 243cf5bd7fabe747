"""`python -m benchmarks.serving`: the whole stack beside the bare llama.cpp server, same prompts, in turns.

Throughput ratio at several numbers of users, added time to the first token, and the first token of a long room.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.processor import read_processor_seconds
from benchmarks.results import write_result
from benchmarks.streams import BareServer, Streamed, ask_stack, tokens_per_second
from benchmarks.workload import Character, build_request, write_message
from chat.inference.engines.packaged_lm import get_packaged_lm
from mymary_site.env import REPOSITORY
from tests.protocol_client import ProtocolClient
from tests.stack_process import Person, StackProcess, end_gently_on_sigterm

SLOTS: Final = 16
CONTEXT_TOKENS: Final = 4096  # MARY_CONTEXT_TOKENS
FIRST_TOKEN_TOKENS: Final = 24
ROOM_TURNS: Final = 20
LONG_ROOMS: Final = 3
SETTLE_SECONDS: Final = 0.5
"""Between two measurements, so that neither side works into the other's time."""


class Bench:
    def __init__(self, stack: StackProcess, bare: BareServer, bare_pid: int) -> None:
        self._stack = stack
        self._bare = bare
        self._bare_pid = bare_pid
        self._numbers = count()

    async def compare_throughput(self, users: int, tokens: int, repeats: int) -> dict[str, Any]:
        """Rounds in turns, stack and bare swapping who goes first; the first round warms up and is not counted."""
        character = Character(f"long-{users}", tokens)
        people = self._make_people(character, users * (repeats + 1))
        pairs: list[tuple[float, float]] = []
        costs: list[tuple[float, float]] = []
        for repeat in range(repeats + 1):
            mine = people[repeat * users : (repeat + 1) * users]
            messages = [write_message(next(self._numbers)) for _ in mine]
            sides = {
                self._stream_stack: list(self._stack.list_pids().values()),
                self._stream_bare: [self._bare_pid],
            }
            rates, spent = {}, {}
            for side in list(sides)[:: 1 if repeat % 2 else -1]:
                await asyncio.sleep(SETTLE_SECONDS)
                before = read_processor_seconds(sides[side])
                rates[side] = tokens_per_second(await side(mine, messages, character))
                spent[side] = (read_processor_seconds(sides[side]) - before) * 1000 / (users * tokens)
            pairs.append((rates[self._stream_stack], rates[self._stream_bare]))
            costs.append((spent[self._stream_stack], spent[self._stream_bare]))
            print(f"{users} users: stack {pairs[-1][0]:.1f}, bare {pairs[-1][1]:.1f} tokens/s", flush=True)
        ratios = [stack / bare for stack, bare in pairs[1:]]
        return {
            "users": users,
            "tokens_per_reply": tokens,
            "stack_tokens_per_second": round(statistics.median(stack for stack, _ in pairs[1:]), 1),
            "bare_tokens_per_second": round(statistics.median(bare for _, bare in pairs[1:]), 1),
            "ratio_median": round(statistics.median(ratios), 3),
            "ratios": [round(ratio, 3) for ratio in ratios],
            "stack_processor_ms_per_token": round(statistics.median(stack for stack, _ in costs[1:]), 2),
            "bare_processor_ms_per_token": round(statistics.median(bare for _, bare in costs[1:]), 2),
        }

    async def compare_first_token(self, repeats: int) -> dict[str, Any]:
        character = Character("short", FIRST_TOKEN_TOKENS)
        people = self._make_people(character, repeats + 1)
        pairs: list[tuple[float, float]] = []
        for person in people:
            message = write_message(next(self._numbers))
            await asyncio.sleep(SETTLE_SECONDS)
            (through,) = await self._stream_stack([person], [message], character)
            await asyncio.sleep(SETTLE_SECONDS)
            (bare,) = await self._stream_bare([person], [message], character)
            pairs.append((through.first_seconds * 1000, bare.first_seconds * 1000))
        added = [through - bare for through, bare in pairs[1:]]
        return {
            "repeats": repeats,
            "stack_first_token_ms": round(statistics.median(through for through, _ in pairs[1:]), 1),
            "bare_first_token_ms": round(statistics.median(bare for _, bare in pairs[1:]), 1),
            "added_ms_median": round(statistics.median(added), 1),
            "added_ms": [round(value, 1) for value in added],
        }

    async def follow_rooms(self) -> dict[str, Any]:
        """Milliseconds to the first token of each turn, in rooms of twenty turns."""
        character = Character("room", FIRST_TOKEN_TOKENS)
        people = self._make_people(character, LONG_ROOMS)
        rooms = [await self._follow_room(person, character) for person in people]
        ratios = [room[ROOM_TURNS - 1] / room[1] for room in rooms]
        return {
            "turns": ROOM_TURNS,
            "second_turn_ms": round(statistics.median(room[1] for room in rooms), 1),
            "twentieth_turn_ms": round(statistics.median(room[ROOM_TURNS - 1] for room in rooms), 1),
            "ratio_median": round(statistics.median(ratios), 2),
            "turns_ms": [[round(turn, 1) for turn in room] for room in rooms],
        }

    async def _follow_room(self, person: Person, character: Character) -> list[float]:
        client = ProtocolClient(self._stack.origin, person, clock=time.perf_counter)
        turns = []
        async with client.running():
            for _ in range(ROOM_TURNS):
                streamed = await ask_stack(client, write_message(next(self._numbers)), character.max_tokens)
                turns.append(streamed.first_seconds * 1000)
                await asyncio.sleep(SETTLE_SECONDS)
        return turns

    async def _stream_stack(self, people: list[Person], messages: list[str], character: Character) -> list[Streamed]:
        clients = [ProtocolClient(self._stack.origin, person, clock=time.perf_counter) for person in people]
        async with AsyncExitStack() as sockets:
            for client in clients:
                await sockets.enter_async_context(client.running())
            await asyncio.sleep(SETTLE_SECONDS)
            pairs = zip(clients, messages, strict=True)
            asking = (ask_stack(client, message, character.max_tokens) for client, message in pairs)
            return list(await asyncio.gather(*asking))

    async def _stream_bare(self, people: list[Person], messages: list[str], character: Character) -> list[Streamed]:
        bodies = [build_request(character, message, self._bare.count_tokens) for message in messages]
        streams = list(await asyncio.gather(*(self._bare.ask(body) for body in bodies)))
        if any(stream.tokens != character.max_tokens for stream in streams):
            raise RuntimeError(f"the bare server wrote {[stream.tokens for stream in streams]} tokens")
        return streams

    def _make_people(self, character: Character, number: int) -> list[Person]:
        command = [sys.executable, "-m", "benchmarks.make_rooms", character.key, str(character.max_tokens), str(number)]
        environ = self._stack.build_environ()
        made = subprocess.run(command, cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE, check=True)
        return [Person(**fields) for fields in json.loads(made.stdout)]


@contextmanager
def run_both_sides(folder: Path) -> Iterator[Bench]:
    lm_path = get_packaged_lm(folder)
    environ = {"MARY_LM": str(lm_path)}
    command = [sys.executable, "-m", "benchmarks.bare_server", str(lm_path), str(SLOTS), str(CONTEXT_TOKENS)]
    stack = StackProcess(folder, engine="llamacpp", slots=SLOTS, environ=environ)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with stack, subprocess.Popen(command, cwd=REPOSITORY, text=True, **pipes) as server:  # type: ignore[call-overload]
        try:
            yield Bench(stack, BareServer(server.stdout.readline().strip()), server.pid)
        finally:
            server.stdin.close()
            server.terminate()


async def measure(bench: Bench, arguments: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"slots": SLOTS, "threads": os.cpu_count()}
    figures["first_token"] = await bench.compare_first_token(arguments.first_tokens)
    print(json.dumps(figures["first_token"]), flush=True)
    figures["long_room"] = await bench.follow_rooms()
    print(json.dumps(figures["long_room"]), flush=True)
    figures["throughput"] = [
        await bench.compare_throughput(users, arguments.tokens, arguments.repeats) for users in arguments.users
    ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--users", type=lambda text: [int(part) for part in text.split(",")], default=[1, 4, 8, 16])
    parser.add_argument("--tokens", type=int, default=192, help="tokens of each reply")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--first-tokens", type=int, default=20, help="how often the first token is timed")
    parser.add_argument("--dry", action="store_true", help="print, but keep no result")
    arguments = parser.parse_args()
    end_gently_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="mymary-bench-") as folder, run_both_sides(Path(folder)) as bench:
        figures = asyncio.run(measure(bench, arguments))
    print(json.dumps(figures, indent=2))
    if not arguments.dry:
        print(write_result("serving", figures))


if __name__ == "__main__":
    main()
