"""Kills by plan under live streams, then the verdict. Prints one line a round and a table at the end."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.chaos.plan import Kill
from tests.chaos.record import Record
from tests.chaos.streams import Talker
from tests.chaos.verdict import Verdict, judge
from tests.stack_process import StackProcess

TOKENS_PER_SECOND: Final = 30.0
REPLY_TOKENS: Final = 75
REPLY_SECONDS: Final = REPLY_TOKENS / TOKENS_PER_SECOND
END_WITHIN_SECONDS: Final = 30.0
GIVE_UP_SECONDS: Final = 60.0
WARM_UP_SECONDS: Final = 2.0


@dataclass
class Outcome:
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    slowest_end_seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)


def run_chaos(seed: int, kills: list[Kill], streams: int) -> Outcome:
    """Against a stack of its own. Deterministic in what it does, not in what happens."""
    with tempfile.TemporaryDirectory(prefix="mymary-chaos-") as folder:
        stack = StackProcess(Path(folder), tokens_per_second=TOKENS_PER_SECOND, reply_tokens=REPLY_TOKENS)
        with stack:
            return asyncio.run(chat_through_kills(stack, seed, kills, streams))


async def chat_through_kills(stack: StackProcess, seed: int, kills: list[Kill], streams: int) -> Outcome:
    people = stack.make_people(streams)
    talkers = [
        Talker(stack.origin, person, seed=seed, number=number, reply_seconds=REPLY_SECONDS)
        for number, person in enumerate(people)
    ]
    outcome, record, enough = Outcome(seed), Record(stack.database_url), asyncio.Event()
    talking = [asyncio.create_task(talker.talk(enough)) for talker in talkers]
    try:
        await asyncio.sleep(WARM_UP_SECONDS)
        for kill in kills:
            await play_round(stack, record, kill, outcome)
        enough.set()
        await asyncio.gather(*talking)
    finally:
        for task in talking:
            task.cancel()
    broken_while_running = outcome.verdict.broken
    outcome.verdict = judge(talkers, await record.list_dialogs(), await record.list_replies())
    for promise, cases in broken_while_running.items():
        outcome.verdict.broken[promise] += cases
    return outcome


async def play_round(stack: StackProcess, record: Record, kill: Kill, outcome: Outcome) -> None:
    """One kill, the restart, and the end of every reply that was live then."""
    await asyncio.sleep(kill.after_seconds)
    old_pid = await asyncio.to_thread(stack.kill, kill.victim, kill.signal)
    restart_seconds = await asyncio.to_thread(stack.wait_until_restarted, kill.victim, old_pid)
    restarted_at = time.monotonic()
    live = await record.list_live()
    outcome.verdict.broken["one live reply a dialog"] += await record.list_twice_live_dialogs()
    remaining = live
    while remaining and time.monotonic() - restarted_at < GIVE_UP_SECONDS:
        await asyncio.sleep(0.2)
        remaining = await record.list_still_live(remaining)
    end_seconds = time.monotonic() - restarted_at
    outcome.kills[f"{kill.victim} {kill.signal.name}"] += 1
    outcome.slowest_end_seconds = max(outcome.slowest_end_seconds, end_seconds)
    if end_seconds > END_WITHIN_SECONDS:
        outcome.verdict.broken[f"ended within {END_WITHIN_SECONDS:.0f} s"] += remaining or [f"round {kill.number}"]
    print(
        f"round {kill.number:3}  {kill.signal.name} {kill.victim:<8} at {kill.after_seconds:5.2f} s  "
        f"back after {restart_seconds:4.1f} s, {len(live):2} live replies ended after {end_seconds:4.1f} s",
        flush=True,
    )
