"""Flow 06 | runs in: inference worker | takes: prompts | gives: text deltas, each request with its adapter.

One asyncio process beside one engine. Five loops: claim, heartbeat, adapters, wake-up, flush; and one task a reply. The
claim loop never takes more replies than the engine has free slots, so what waits, waits in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import redis.asyncio as redis
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from chat.database_threads import in_database_thread
from chat.inference.adapter_loop import AdapterLoop
from chat.inference.engine import Engine
from chat.inference.log_writer import LogWriter
from chat.inference.wakeup import listen_for_wakeups
from chat.inference.writing import Writing, write_reply
from chat.replies.claim import ClaimedReply, claim_replies, fail_lost_replies
from chat.replies.lease import HeldLease, beat_worker, release_reply, renew_leases, retire_worker
from chat.task_set import TaskSet

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 2.0
POLL_SECONDS: Final = 1.0
"""How long a queued reply can wait when its wake-up was lost."""
CLAIM_BATCH: Final = 8
"""The first reply of a crowd starts before the last one is read."""
DRAIN_SECONDS: Final = 25.0
"""How long replies may go on after SIGTERM before they are given back to the queue."""
LEASE_TRUST_SECONDS: Final = 8.0
"""After this long without a heartbeat the worker writes nothing: somebody else may hold its leases (10 s)."""


class InferenceWorker:
    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        *,
        prompt_budget_tokens: int,
        keep_log_seconds: int,
        drain_seconds: float,
    ) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.engine = engine
        self.prompt_budget_tokens = prompt_budget_tokens
        self.drain_seconds = drain_seconds
        self.log = LogWriter(client, keep_seconds=keep_log_seconds, may_write=self.may_write)
        self.adapters = AdapterLoop(
            engine,
            self.name,
            budget_tokens=prompt_budget_tokens,
            list_in_use=lambda: {writing.claimed.adapter for writing in self._writings},
            on_ready=lambda: self._wake.set(),
        )
        self._writings: set[Writing] = set()
        self._tasks = TaskSet(lambda error: logger.error("a reply's task ended badly", exc_info=error))
        self._wake = asyncio.Event()
        self._is_draining = False
        self._beat_at = time.monotonic()

    def may_write(self) -> bool:
        return time.monotonic() - self._beat_at < LEASE_TRUST_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then finish what is being written and give back the rest."""
        await self.engine.start()
        logger.info("inference worker %s is ready: %s, %d slots", self.name, self.engine.lm, self.engine.slots)
        loops = [
            asyncio.create_task(self._repeat("claim", self._claim, self._wake)),
            asyncio.create_task(self._repeat("heartbeat", self._beat, asyncio.Event())),
            asyncio.create_task(self._repeat("adapters", self.adapters.step, self.adapters.wake)),
            asyncio.create_task(listen_for_wakeups(self._on_wakeup)),
            asyncio.create_task(self.log.run()),
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            finished, _ = await asyncio.wait([stopping, *loops], return_when=asyncio.FIRST_COMPLETED)
            for task in finished - {stopping}:
                task.result()  # a loop never returns: this raises what ended it
            await self._drain()
        finally:
            for task in (stopping, *loops):
                task.cancel()
            await asyncio.gather(stopping, *loops, return_exceptions=True)
            await self.engine.close()
            await in_database_thread(retire_worker)(self.name)

    async def _repeat(self, what: str, step: Callable[[], Awaitable[float]], wake: asyncio.Event) -> None:
        """Outermost loop: a database that is away is waited for, not died of."""
        while True:
            try:
                pause = await step()
            except (DatabaseError, InterfaceError, OSError) as error:
                logger.warning("%s: the database is away (%s)", what, type(error).__name__)
                pause = 0.5
            await self._wait_for(wake, pause)

    async def _wait_for(self, wake: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return
        finally:
            wake.clear()

    # --- claim ----------------------------------------------------------------------------------------------

    async def _claim(self) -> float:
        free = self.engine.slots - len(self._writings)
        # Without a fresh heartbeat, its own leases may have run out: it would claim what it is writing.
        if self._is_draining or free <= 0 or not self.may_write() or not self.adapters.is_ready:
            return POLL_SECONDS
        claims = await in_database_thread(claim_replies)(self.name, min(free, CLAIM_BATCH))
        for claimed in claims:
            self._start(claimed)
        return 0.0 if len(claims) == CLAIM_BATCH else POLL_SECONDS

    def _start(self, claimed: ClaimedReply) -> None:
        writing = Writing(claimed)
        self._writings.add(writing)
        if claimed.is_stop_requested:
            writing.stop()
        self._tasks.start(self._write(writing))

    async def _write(self, writing: Writing) -> None:
        try:
            await self.adapters.wait_for(writing.claimed.adapter)
            await write_reply(writing, self.engine, self.log, budget_tokens=self.prompt_budget_tokens)
        finally:
            self._writings.discard(writing)
            self._wake.set()

    # --- heartbeat ------------------------------------------------------------------------------------------

    async def _beat(self) -> float:
        asked_at = time.monotonic()
        asked = list(self._writings)
        # In the thread that Channels keeps for the whole process: it never waits behind two hundred replies.
        held = await database_sync_to_async(self._beat_rows)([writing.claimed.reply_id for writing in asked])
        self._drop_lost(asked, {lease.reply_id: lease for lease in held})
        self._beat_at = asked_at
        return HEARTBEAT_SECONDS

    def _beat_rows(self, reply_ids: list[UUID]) -> list[HeldLease]:
        beat_worker(
            self.name,
            engine=self.engine.name,
            lm=self.engine.lm,
            slots=self.engine.slots,
            adapters=sorted(self.engine.adapters),
        )
        # First: what this worker writes is not lost, however late it comes.
        held = renew_leases(self.name, reply_ids)
        fail_lost_replies()
        return held

    def _drop_lost(self, asked: list[Writing], leases: dict[UUID, HeldLease]) -> None:
        for writing in asked:
            lease = leases.get(writing.claimed.reply_id)
            is_ended = lease is not None and not lease.is_running and not writing.is_finishing
            if lease is None or lease.attempt != writing.claimed.attempt or is_ended:
                self._lose(writing)
            elif lease.is_stop_requested:
                writing.stop()

    def _lose(self, writing: Writing) -> None:
        """Somebody else may write this reply: not one more entry of ours, however long the engine takes to stop."""
        logger.warning("lease of reply %s is lost", writing.claimed.reply_id)
        writing.lose()
        if writing.text is not None:
            self.log.drop(writing.text)

    # --- wake-ups and the end -------------------------------------------------------------------------------

    def _on_wakeup(self, kind: str, subject_id: UUID | None) -> None:
        if kind in ("adapters", "reconnected"):
            self.adapters.wake.set()
        for writing in self._writings:
            if kind == "stop" and writing.claimed.reply_id == subject_id:
                writing.stop()
        self._wake.set()

    async def _drain(self) -> None:
        self._is_draining = True
        logger.info("draining: %d replies being written", len(self._writings))
        if self._tasks.running:
            await asyncio.wait(self._tasks.running, timeout=self.drain_seconds)
        for writing in list(self._writings):
            self._lose(writing)
            await in_database_thread(release_reply)(writing.claimed.reply_id, writing.claimed.attempt)
        if self._tasks.running:
            await asyncio.wait(self._tasks.running, timeout=5)
