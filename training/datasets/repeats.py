"""Which texts came before, in flat memory: digests in SQLite's temporary file, which is gone with the connection."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from types import TracebackType
from typing import Final, Self

CACHE_KIB: Final = 16 * 1024
DIGEST_BYTES: Final = 8  # two of a million texts meet by chance once in 37 million files


class SeenTexts:
    def __enter__(self) -> Self:
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._seen.execute("PRAGMA journal_mode = OFF")
        self._seen.execute("CREATE TABLE seen (digest INTEGER PRIMARY KEY)")
        self._seen.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seen.close()

    def add(self, text: str) -> bool:
        """Whether it is new."""
        digest = blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).digest()
        row = (int.from_bytes(digest, "big", signed=True),)
        return self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", row).rowcount == 1
