"""Keeps the engine's adapters as the rows want them: loads what is served, verifies what was published.

A pass each heartbeat and at every wake-up. Whatever goes wrong, the set that is loaded stays as it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings

from chat.database_threads import in_database_thread
from chat.inference.adapters import AdapterFile, find_adapters
from chat.inference.engine import Engine
from chat.inference.protocol import EngineError
from chat.inference.writing import read_voice
from chat.models import Release
from chat.prompting import PersonaFileError, PromptTooLong
from chat.serving.refusals import ServingRefused
from chat.serving.served import Served, is_confirmed_by, list_served, list_verifying
from chat.serving.settle import begin_verifying, confirm_release, refuse_release, settle_release
from chat.serving.stored import StoredAdapter
from chat.serving.verify import verify_adapter

logger = logging.getLogger(__name__)

PASS_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 60.0
"""Until what cannot be loaded is tried again: a load takes a second or more, and memory for a second cache."""
PATIENCE_SECONDS: Final = 15.0
"""How long a reply waits for an adapter that is about to be loaded, before it is written without."""


class AdapterLoop:
    """`list_in_use` names the adapters of claimed replies; `on_ready` is called once, when what is served is loaded."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        *,
        budget_tokens: int,
        list_in_use: Callable[[], set[str]],
        on_ready: Callable[[], None],
    ) -> None:
        self.wake = asyncio.Event()
        self.is_ready = False
        self._engine = engine
        self._worker = worker
        self._budget_tokens = budget_tokens
        self._list_in_use = list_in_use
        self._on_ready = on_ready
        self._files: dict[str, AdapterFile] = {}  # everything that was ever found whole
        self._unavailable: frozenset[str] = frozenset()
        self._failed: frozenset[str] = frozenset()  # the set that could not be loaded whole; empty after one that was
        self._retry_at = 0.0  # on the monotonic clock
        self._pass_ended = asyncio.Event()

    async def step(self) -> float:
        """One pass; how long to rest after it."""
        kept = await self._load_served()
        if not self.is_ready:
            self.is_ready = True
            self._on_ready()
        for release in await in_database_thread(list_verifying)():
            if is_confirmed_by(release, self._worker):
                await in_database_thread(settle_release)(release.pk)
            else:
                await self._verify(release, kept)
                kept = await self._load_served()  # with what was verified just now, which may be live already
        return PASS_SECONDS

    async def wait_for(self, name: str) -> None:
        """Until the adapter is loaded, or a pass that began after this call could not load it; empty is the bare lm."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for _ in range(2):  # the first may be under way already
                    if not name or name in self._engine.adapters | self._unavailable:
                        return
                    self.wake.set()
                    await self._pass_ended.wait()
        except TimeoutError:
            logger.warning("adapter %s was not loaded in time", name)

    # --- what is served -------------------------------------------------------------------------------------

    async def _load_served(self) -> list[AdapterFile]:
        """The files of what is served and can be; loaded, if something of it was not."""
        served = await in_database_thread(list_served)(self._worker)
        files = await asyncio.to_thread(self._find_files, served)
        names = frozenset(file.name for file in files)
        if names - self._engine.adapters and not self._is_resting(names):
            await self._load([*files, *self._list_borrowed(files)])
            self._note_failed(names)
        self._note_unavailable({adapter.name for adapter in served.stored} | served.unregistered)
        self._pass_ended.set()
        self._pass_ended = asyncio.Event()
        return [file for file in files if file.name in self._engine.adapters]

    def _find_files(self, served: Served) -> list[AdapterFile]:
        """Blocking. Those that are loaded already were whole when they were."""
        for adapter in served.stored:
            if adapter.name not in self._engine.adapters or adapter.name not in self._files:
                self._check(adapter)
        if served.unregistered - self._files.keys():
            found = find_adapters(settings.MARY_ADAPTERS_FOLDER, self._engine.base_sha256)
            self._files |= {file.name: file for file in found}
        names = {adapter.name for adapter in served.stored} | served.unregistered
        return [file for name, file in self._files.items() if name in names]

    def _check(self, adapter: StoredAdapter) -> None:
        try:
            self._files[adapter.name] = adapter.check(self._engine.base_sha256)
        except ServingRefused as refusal:
            self._files.pop(adapter.name, None)
            if adapter.name not in self._unavailable:
                logger.error("adapter %s cannot be served: %s", adapter.name, refusal)

    def _is_resting(self, names: frozenset[str]) -> bool:
        """Whether this very set could not be loaded a moment ago."""
        return names == self._failed and time.monotonic() < self._retry_at

    def _note_failed(self, names: frozenset[str]) -> None:
        self._failed = names if names - self._engine.adapters else frozenset()
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _list_borrowed(self, files: Sequence[AdapterFile]) -> list[AdapterFile]:
        """What claimed replies are about to be written with, though it is not served any more."""
        names = (self._list_in_use() & self._engine.adapters) - {file.name for file in files}
        return [self._files[name] for name in names if name in self._files]

    async def _load(self, files: Sequence[AdapterFile]) -> None:
        """All of them, or, where one cannot be loaded, all but that one."""
        try:
            await self._engine.load_adapters(files)
        except EngineError as error:
            logger.error("%d adapters cannot be loaded together (%s): one by one", len(files), error)
            loaded = [file for file in files if file.name in self._engine.adapters]
            for file in files:
                if file.name not in self._engine.adapters:
                    loaded = await self._try_one(loaded, file)

    async def _try_one(self, loaded: list[AdapterFile], file: AdapterFile) -> list[AdapterFile]:
        try:
            await self._engine.load_adapters([*loaded, file])
        except EngineError as error:
            logger.error("adapter %s cannot be loaded: %s", file.name, error)
            return loaded
        return [*loaded, file]

    def _note_unavailable(self, wanted: set[str]) -> None:
        missing = frozenset(wanted - self._engine.adapters)
        if missing - self._unavailable:
            named = ", ".join(sorted(missing))
            logger.error("live adapters are missing, their characters answer with the bare lm: %s", named)
        self._unavailable = missing

    # --- what was published ---------------------------------------------------------------------------------

    async def _verify(self, release: Release, kept: Sequence[AdapterFile]) -> None:
        if release.adapter is None or not await in_database_thread(begin_verifying)(release.pk, self._worker):
            return
        logger.info("verifying %s", release.adapter.name)
        stored = StoredAdapter.of(release.adapter)
        try:
            await self._listen(release, stored, kept)
        except ServingRefused as refusal:
            await self._refuse(release.pk, stored.name, refusal)
        except (PersonaFileError, PromptTooLong, OSError) as error:
            await self._refuse(release.pk, stored.name, ServingRefused("probe_failed", str(error)))
        else:
            state = await in_database_thread(confirm_release)(release.pk, self._worker)
            self._files[stored.name] = AdapterFile(stored.name, stored.path)
            logger.info("%s is verified here and now %s", stored.name, state)

    async def _listen(self, release: Release, stored: StoredAdapter, kept: Sequence[AdapterFile]) -> None:
        await asyncio.to_thread(self._check_kept, kept)
        character = release.character
        adapter = character.adapter if character.adapter in self._engine.adapters else ""
        await verify_adapter(
            stored,
            self._engine,
            [*kept, *self._list_borrowed(kept)],
            live=read_voice(character, adapter),
            candidate=read_voice(character, stored.name),
            budget_tokens=self._budget_tokens,
        )

    def _check_kept(self, kept: Sequence[AdapterFile]) -> None:
        """Loading reads these again from the disk, so they must still be there. Blocking."""
        for file in kept:
            if not file.path.is_file():
                raise ServingRefused("live_unreadable", file.name)

    async def _refuse(self, release_id: UUID, name: str, refusal: ServingRefused) -> None:
        logger.warning("adapter %s is refused: %s", name, refusal)
        await in_database_thread(refuse_release)(release_id, refusal)
