"""llama.cpp inside this process (xllamacpp): continuous batching in slots, prompt cache, no torch.

Each request runs in a thread of its own that blocks in llama.cpp; its callback hands pieces to the event loop. The
server that a request begins in is the one that finishes it, whatever is loaded meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache, partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import xllamacpp

from chat.inference.adapters import AdapterFile, find_adapters
from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from chat.inference.engines.loaded_server import LoadedServer, load_server
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.inference.protocol import Delta, EngineError, GenerationRequest, Usage
from chat.prompting import Sampling
from chat.task_set import TaskSet

logger = logging.getLogger(__name__)

COUNTED_LINES: Final = 8192
GATHER_SECONDS: Final = 0.03
"""How long a token may wait for the next ones, of all requests, before the event loop is woken for it."""

Piece = dict[str, Any] | BaseException | None


class LlamaCppEngine:
    name = "llamacpp"

    def __init__(
        self,
        *,
        lm_path: Path | None,
        models_folder: Path,
        adapters_folder: Path | None,
        slots: int,
        context_tokens: int,
    ) -> None:
        self.slots = slots
        self.lm = ""
        self.base_sha256 = ""
        self.adapters: frozenset[str] = frozenset()
        self._adapters_folder = adapters_folder
        self._lm_path = lm_path
        self._models_folder = models_folder
        self._context_tokens = context_tokens
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="llamacpp")
        # Persona and earlier turns of a room are counted again with every message.
        self._count_line = lru_cache(maxsize=COUNTED_LINES)(self._ask_tokenizer)
        self._current: LoadedServer | None = None
        self._retirements = TaskSet(lambda error: logger.error("an old server was not freed", exc_info=error))
        self._loading = asyncio.Lock()
        self._handover: Handover

    async def start(self) -> None:
        self._handover = Handover(asyncio.get_running_loop())
        adapters = await asyncio.to_thread(self._find_weights)
        await self.load_adapters(adapters)

    def _find_weights(self) -> list[AdapterFile]:
        """Settle which weights are run; the adapters to begin with."""
        path = self._lm_path or get_packaged_lm(self._models_folder)
        if not path.is_file():
            raise EngineError(f"MARY_LM names no file: {path}. Point it at a .gguf file, or leave it empty.")
        self._lm_path = path
        self.base_sha256 = sha256_of(path)
        self.lm = f"{path.stem}@{self.base_sha256[:DIGEST_CHARACTERS]}"
        return find_adapters(self._adapters_folder, self.base_sha256) if self._adapters_folder else []

    async def load_adapters(self, adapters: Sequence[AdapterFile]) -> None:
        """Takes as long as a start, and memory for a second cache until the old server is free."""
        if self._lm_path is None:
            raise EngineError("adapters are loaded after the start")
        async with self._loading:
            # The third server waits for the first: memory is for two.
            if self._retirements.running:
                await asyncio.wait(self._retirements.running)
            params = build_params(self._lm_path, self.slots, self._context_tokens)
            loaded = await asyncio.to_thread(load_server, params, adapters)
            old, self._current = self._current, loaded
            self.adapters = frozenset(loaded.adapter_ids)
            if old is not None:
                self._retirements.start(old.retire())

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._current = None

    def _get_current(self) -> LoadedServer:
        if self._current is None:
            raise EngineError("the engine is not started, or closed")
        return self._current

    def count_tokens(self, text: str) -> int:
        # The tokenizer's time grows faster than a text: a prompt takes 7 ms, a line 0.5 ms.
        return sum(self._count_line(line) for line in text.splitlines(keepends=True))

    def _ask_tokenizer(self, text: str) -> int:
        # The binding has no tokenizer call; its own server on loopback has one.
        server = None
        while server is None:  # freed this very moment: its successor stands in its place
            server = self._get_current().server
        address = urlsplit(server.listening_address)
        body = json.dumps({"content": text, "add_special": False})
        try:
            with closing(HTTPConnection(address.hostname or "", address.port, timeout=10)) as connection:
                connection.request("POST", "/tokenize", body, {"Content-Type": "application/json"})
                return len(json.loads(connection.getresponse().read())["tokens"])
        except (HTTPException, OSError) as error:
            raise EngineError(f"llama.cpp's tokenizer does not answer: {error}") from error

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        loaded = self._get_current()
        pieces: asyncio.Queue[Piece] = asyncio.Queue()
        is_dropped = threading.Event()
        hand_over = partial(self._handover.put, pieces)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, _complete, loaded, request, hand_over, is_dropped)
        loaded.begin()
        work.add_done_callback(lambda _: loaded.end())
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise EngineError(str(piece)) from piece
                for part in _read_piece(piece):
                    yield part
        finally:
            is_dropped.set()
            # The slot is free only when the thread is back; the worker counts on it.
            await asyncio.shield(work)


def _complete(
    loaded: LoadedServer, request: GenerationRequest, hand_over: Callable[..., None], is_dropped: threading.Event
) -> None:
    is_first = True

    def on_piece(piece: dict[str, Any]) -> bool:
        nonlocal is_first
        hand_over(piece, is_urgent=is_first)
        is_first = False
        return is_dropped.is_set()

    try:
        if not is_dropped.is_set():
            shares = loaded.choose(request.adapter)
            body = {**build_body(request), **({"lora": shares} if shares else {})}
            loaded.server.handle_completions(body, on_piece)
        hand_over(None, is_urgent=True)
    except Exception as error:
        # The outermost loop of this thread: whatever went wrong belongs to this one request.
        logger.exception("request %s failed in llama.cpp", request.request_id)
        hand_over(error, is_urgent=True)


class Handover:
    """Brings pieces from llama.cpp's threads into queues of the event loop, several at a time.

    Waking the loop for every token would take processor time from the engine that makes them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[asyncio.Queue[Piece], Piece]] = deque()
        self._is_due = False

    def put(self, queue: asyncio.Queue[Piece], piece: Piece, *, is_urgent: bool) -> None:
        """Called in any thread. An urgent piece arrives at once, and what waits before it too."""
        self._waiting.append((queue, piece))
        if is_urgent:
            self._loop.call_soon_threadsafe(self._deliver)
        elif not self._is_due:
            self._is_due = True
            self._loop.call_soon_threadsafe(self._loop.call_later, GATHER_SECONDS, self._deliver)

    def _deliver(self) -> None:
        self._is_due = False  # first: whoever puts something from here on asks for the next delivery
        while self._waiting:
            queue, piece = self._waiting.popleft()
            queue.put_nowait(piece)


def build_params(lm_path: Path, slots: int, context_tokens: int) -> xllamacpp.CommonParams:
    """How llama.cpp is run, here and where it is measured by itself."""
    params = xllamacpp.CommonParams()
    params.model.path = str(lm_path)
    params.n_parallel = slots
    params.n_ctx = context_tokens * slots
    # The whole cache is kept for sliding-window layers too: without it a longer prompt of the same room
    # could not reuse its beginning.
    params.swa_full = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    params.verbosity = 0
    params.hostnames = ["127.0.0.1"]
    return params


def build_body(request: GenerationRequest) -> dict[str, Any]:
    sampling: Sampling = request.sampling
    return {
        "prompt": request.prompt.text,
        "stop": list(request.prompt.stop),
        "stream": True,
        "stream_options": {"include_usage": True},
        "cache_prompt": request.is_cache_allowed,
        "n_predict": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        **({"grammar": request.prompt.grammar} if request.prompt.grammar else {}),
    }


def _read_piece(piece: dict[str, Any]) -> list[Delta | Usage]:
    if "error" in piece:
        raise EngineError(str(piece["error"].get("message", "unknown error of llama.cpp")))
    parts: list[Delta | Usage] = [Delta(choice["text"]) for choice in piece.get("choices", ()) if choice.get("text")]
    if usage := piece.get("usage"):
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        parts.append(Usage(usage["prompt_tokens"], cached, usage["completion_tokens"]))
    return parts
