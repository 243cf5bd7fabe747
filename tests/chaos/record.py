"""What PostgreSQL holds, read past the product: the last word on what was lost, doubled or left unended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import psycopg

AWAY_SECONDS: Final = 60.0
"""A database that was just killed is waited for so long."""
LIVE: Final = "SELECT reply_id::text FROM reply WHERE state IN ('queued', 'running')"
STILL_LIVE: Final = f"{LIVE} AND reply_id = ANY(%s::uuid[])"
TWICE_LIVE: Final = """
    SELECT dialog_id::text FROM reply WHERE state IN ('queued', 'running') GROUP BY dialog_id HAVING count(*) > 1
"""
DIALOGS: Final = """
    SELECT counsel_id::text, client_msg_id::text, u_message, dialog_id::text FROM dialog ORDER BY counsel_id, seq
"""
REPLIES: Final = "SELECT reply_id::text, dialog_id::text, state, attempt, text, error_code FROM reply"


@dataclass(frozen=True)
class StoredDialog:
    counsel_id: str
    client_msg_id: str | None
    text: str
    dialog_id: str


@dataclass(frozen=True)
class StoredReply:
    reply_id: str
    dialog_id: str
    state: str
    attempt: int
    text: str
    error_code: str


class Record:
    def __init__(self, database_url: str) -> None:
        self._url = database_url

    async def list_live(self) -> list[str]:
        return [row[0] for row in await self._ask(LIVE)]

    async def list_still_live(self, reply_ids: list[str]) -> list[str]:
        return [row[0] for row in await self._ask(STILL_LIVE, [reply_ids])]

    async def list_twice_live_dialogs(self) -> list[str]:
        return [row[0] for row in await self._ask(TWICE_LIVE)]

    async def list_dialogs(self) -> list[StoredDialog]:
        """In the order of their rooms' turns."""
        return [StoredDialog(*row) for row in await self._ask(DIALOGS)]

    async def list_replies(self) -> list[StoredReply]:
        return [StoredReply(*row) for row in await self._ask(REPLIES)]

    async def _ask(self, query: str, arguments: list[Any] | None = None) -> list[tuple[Any, ...]]:
        async with asyncio.timeout(AWAY_SECONDS):
            while True:
                try:
                    async with await psycopg.AsyncConnection.connect(self._url, connect_timeout=5) as database:
                        return await (await database.execute(query, arguments)).fetchall()  # type: ignore[arg-type]
                except psycopg.OperationalError:
                    await asyncio.sleep(0.1)
