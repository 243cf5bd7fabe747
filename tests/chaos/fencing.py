"""A worker that sleeps past its leases (SIGSTOP), while another takes over, must write nothing when it wakes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

import redis

from chat.token_log import log_key
from mymary_site.env import REPOSITORY
from tests.protocol_client import ProtocolClient, Transcript
from tests.stack_process import StackProcess

SLEEP_SECONDS = 15.0
WRITTEN_SECONDS = 1.0
"""How much of each reply is out when its worker falls asleep."""
END_SECONDS = 60.0
AFTERMATH_SECONDS = 2.0


@dataclass
class Takeover:
    """What came of the replies that the sleeper was writing."""

    transcripts: list[Transcript]
    violations: list[str]
    stale_entries: list[str] = field(default_factory=list)  # what the sleeper wrote after it woke


async def put_worker_to_sleep(stack: StackProcess, streams: int) -> Takeover:
    people = stack.make_people(streams)
    clients = [ProtocolClient(stack.origin, person, seed=number) for number, person in enumerate(people)]
    sleeper = stack.get_pid("worker")
    async with AsyncExitStack() as sockets:
        for client in clients:
            await sockets.enter_async_context(client.running())
        dialogs = await asyncio.gather(*(client.send_message("잠든 사이에도 들어 줄래요?") for client in clients))
        reply_ids = [dialog["replies"][0]["id"] for dialog in dialogs]
        await asyncio.sleep(WRITTEN_SECONDS)
        with another_worker(stack):
            woke_at = await asyncio.to_thread(sleep_and_wake, sleeper)
            ends = [client.wait_for_end(i, END_SECONDS) for client, i in zip(clients, reply_ids, strict=True)]
            transcripts = await asyncio.gather(*ends)
            await asyncio.sleep(AFTERMATH_SECONDS)
    violations = [violation for client in clients for violation in client.violations]
    return Takeover(transcripts, violations, list(list_stale_entries(stack, transcripts, woke_at)))


def sleep_and_wake(pid: int) -> float:
    """Returns the wall clock at the moment before it woke."""
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(SLEEP_SECONDS)
        return time.time()
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def another_worker(stack: StackProcess) -> Iterator[None]:
    command = [sys.executable, "manage.py", "run_inference_worker"]
    log = (stack.layout.log / "second_worker.log").open("wb")
    with log, subprocess.Popen(command, cwd=REPOSITORY, env=stack.build_environ(), stdout=log, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


def list_stale_entries(stack: StackProcess, transcripts: list[Transcript], woke_at: float) -> Iterator[str]:
    """Entries of an attempt that is not the one that ended the reply, written after `woke_at`."""
    with redis.Redis.from_url(stack.redis_url, decode_responses=True) as valkey:
        for transcript in transcripts:
            for entry_id, fields in valkey.xrange(log_key(transcript.reply_id)):
                is_late = int(entry_id.split("-")[0]) > woke_at * 1000
                if is_late and int(fields["a"]) < transcript.attempt:
                    yield f"{transcript.reply_id} {entry_id} attempt {fields['a']}: {fields['t']!r}"
