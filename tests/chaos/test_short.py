"""The short form of `make chaos`: every process dies at least once under live streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.fencing import put_worker_to_sleep
from tests.chaos.plan import plan_kills
from tests.chaos.run import REPLY_SECONDS, REPLY_TOKENS, TOKENS_PER_SECOND, chat_through_kills
from tests.chaos.table import render_table
from tests.stack_process import StackProcess

SEED = 20
STREAMS = 20
KILLS = {"worker": 2, "web": 2, "valkey": 2, "postgres": 2}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    with StackProcess(folder, tokens_per_second=TOKENS_PER_SECOND, reply_tokens=REPLY_TOKENS) as running:
        yield running


def test_no_message_is_lost_and_every_reply_ends_when_processes_die(stack: StackProcess) -> None:
    kills = plan_kills(SEED, KILLS, REPLY_SECONDS)
    outcome = asyncio.run(chat_through_kills(stack, SEED, kills, STREAMS))
    table = render_table(outcome)
    print(table)
    assert outcome.verdict.is_clean, table
    assert outcome.verdict.looked_at["accepted messages"] >= 2 * STREAMS


def test_a_worker_that_slept_past_its_leases_writes_nothing_more(stack: StackProcess) -> None:
    takeover = asyncio.run(put_worker_to_sleep(stack, streams=8))
    assert takeover.stale_entries == []
    assert takeover.violations == []
    assert {transcript.state for transcript in takeover.transcripts} == {"done"}
    assert all(transcript.attempt >= 2 for transcript in takeover.transcripts)
