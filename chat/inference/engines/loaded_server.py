"""One llama.cpp server with the adapters it was built with, and how many requests it is still answering.

llama.cpp takes adapters only when a server is built. Another set is another server over the same mapped weights: new
requests go there, and this one is freed when its last request is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import xllamacpp

from chat.inference.adapters import AdapterFile
from chat.inference.protocol import EngineError

logger = logging.getLogger(__name__)


class LoadedServer:
    """Its counting is done in the event loop's thread only."""

    def __init__(self, server: xllamacpp.Server, adapters: Sequence[AdapterFile]) -> None:
        self.server: Any = server
        self.adapter_ids = {adapter.name: number for number, adapter in enumerate(adapters)}
        self.running = 0
        self.is_retired = False
        self._is_done = asyncio.Event()

    def begin(self) -> None:
        self.running += 1

    def end(self) -> None:
        self.running -= 1
        if self.is_retired and not self.running:
            self._is_done.set()

    async def retire(self) -> None:
        """Free it once nothing runs in it; it must get no further requests."""
        self.is_retired = True
        if self.running:
            await self._is_done.wait()
        # llama.cpp joins its threads here, which takes a tenth of a second.
        await asyncio.to_thread(self.free)

    def free(self) -> None:
        """Blocking."""
        self.server = None

    def choose(self, adapter: str) -> list[dict[str, Any]]:
        """Every adapter with its share: llama.cpp keeps no prompt cache from one choice of adapters to another.

        Raises EngineError.
        """
        if adapter and adapter not in self.adapter_ids:
            raise EngineError(f"no adapter {adapter}: loaded are {', '.join(sorted(self.adapter_ids)) or 'none'}")
        return [{"id": number, "scale": float(name == adapter)} for name, number in self.adapter_ids.items()]


def load_server(params: xllamacpp.CommonParams, adapters: Sequence[AdapterFile]) -> LoadedServer:
    """Blocking, a second or more. Raises EngineError."""
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter.path), 0.0) for adapter in adapters]
    try:
        return LoadedServer(xllamacpp.Server(params), adapters)
    except RuntimeError as error:
        named = ", ".join(["", *sorted(adapter.name for adapter in adapters)])
        raise EngineError(f"llama.cpp cannot load {params.model.path}{named}: {error}") from error
