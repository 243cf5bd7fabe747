"""Flow 07 | runs in: inference worker | takes: text deltas | gives: the reply's stream in Valkey, then a nudge.

One Valkey Stream per reply, one entry per delta: attempt, offset (code points before it), text, and `end` on the
last. Offsets make every entry idempotent: a reader skips what it has, waits at a gap, and a writer that is unsure
what arrived writes the whole text again from offset 0. Losing the log loses no text: PostgreSQL has the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import redis.asyncio as redis
from redis.exceptions import RedisError

KEY_PREFIX: Final = "mary:tokens:"
SOCKET_TIMEOUT_SECONDS: Final = 5.0
"""Longer than any read blocks (chat.live.log_reader)."""

Rows = list[tuple[str, dict[str, str]]]
"""Stream ids and fields, as text: the client decodes."""


@dataclass(frozen=True, slots=True)
class Entry:
    attempt: int
    offset: int
    text: str
    is_end: bool = False

    def dump(self) -> dict[str, str | int]:
        return {"a": self.attempt, "o": self.offset, "t": self.text, "e": int(self.is_end)}


def log_key(reply_id: UUID) -> str:
    return f"{KEY_PREFIX}{reply_id}"


def connect(url: str) -> redis.Redis:
    """A client with short timeouts: a Valkey that is away is noticed within seconds."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=1.0,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        max_connections=10_000,
    )


# --- Writing ------------------------------------------------------------------------------------------------


async def append_entries(client: redis.Redis, batch: Sequence[tuple[UUID, Entry]], *, keep_seconds: int) -> list[UUID]:
    """Append each entry to its reply's stream, in one round trip; return the replies whose stream has vanished.

    Only an entry at offset 0 may create a stream, so a vanished one is noticed instead of continued with a gap.
    Raises RedisError when the server is away; then nobody knows what arrived, and offsets sort it out.
    """
    # In one transaction: a reader that waits for several of these streams is woken once, with all of them.
    pipe = client.pipeline(transaction=True)
    for reply_id, entry in batch:
        is_first = entry.offset == 0
        pipe.xadd(log_key(reply_id), entry.dump(), nomkstream=not is_first)  # type: ignore[arg-type]
        if is_first:
            pipe.expire(log_key(reply_id), keep_seconds)
    results = await pipe.execute()
    return list(_find_vanished(batch, results))


def _find_vanished(batch: Sequence[tuple[UUID, Entry]], results: list[Any]) -> Iterator[UUID]:
    answers = iter(results)
    for reply_id, entry in batch:
        if next(answers) is None:
            yield reply_id
        if entry.offset == 0:
            next(answers)


# --- Reading ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class LogCursor:
    """What a reader has of a reply: everything before `offset` of `attempt`."""

    attempt: int = 0
    offset: int = 0

    def take(self, entry: Entry) -> Entry | None:
        """The part of the entry that is new to this reader, or None; moves the cursor."""
        if entry.attempt < self.attempt:
            return None
        if entry.attempt > self.attempt:
            self.attempt, self.offset = entry.attempt, 0
        if entry.offset > self.offset:
            return None  # a gap: the writer heals it from offset 0, or the final row does
        fresh = entry.text[self.offset - entry.offset :]
        if not fresh and not entry.is_end:
            return None
        taken = Entry(self.attempt, self.offset, fresh, entry.is_end)
        self.offset += len(fresh)
        return taken


def load_entry(fields: dict[str, str]) -> Entry:
    return Entry(int(fields["a"]), int(fields["o"]), fields["t"], fields["e"] == "1")


async def read_log(client: redis.Redis, reply_id: UUID) -> list[Entry]:
    """Everything the log holds now; empty when it is gone or Valkey is away."""
    try:
        rows = await client.xrange(log_key(reply_id))
    except (RedisError, OSError):
        return []
    return [load_entry(fields) for _, fields in cast(Rows, rows)]


def list_streams(answer: Any) -> list[tuple[str, Rows]]:
    """redis-py gives a list of pairs for RESP2 and a dictionary for RESP3."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [(key, batch) for key, batches in answer.items() for batch in batches]
    return [(key, rows) for key, rows in answer]
