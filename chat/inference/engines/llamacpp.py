"""llama.cpp inside this process (xllamacpp): continuous batching in slots, prompt cache, no torch.

Each request runs in a thread of its own that blocks in llama.cpp; its callback hands pieces to the event loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache, partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import xllamacpp

from chat.inference.adapters import find_adapters
from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from chat.inference.engines.packaged_lm import get_packaged_lm
from chat.inference.protocol import Delta, EngineError, GenerationRequest, Usage
from chat.prompting import Sampling

logger = logging.getLogger(__name__)

COUNTED_LINES: Final = 8192
GATHER_SECONDS: Final = 0.03
"""How long a token may wait for the next ones, of all requests, before the event loop is woken for it."""

Piece = dict[str, Any] | BaseException | None


class LlamaCppEngine:
    name = "llamacpp"

    def __init__(
        self, *, lm_path: Path | None, models_folder: Path, adapters_folder: Path, slots: int, context_tokens: int
    ) -> None:
        self.slots = slots
        self.lm = ""
        self.adapters: frozenset[str] = frozenset()
        self._adapters_folder = adapters_folder
        self._adapter_ids: dict[str, int] = {}
        self._lm_path = lm_path
        self._models_folder = models_folder
        self._context_tokens = context_tokens
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="llamacpp")
        # Persona and earlier turns of a room are counted again with every message.
        self._count_line = lru_cache(maxsize=COUNTED_LINES)(self._ask_tokenizer)
        self._server: Any = None
        self._handover: Handover

    async def start(self) -> None:
        self._handover = Handover(asyncio.get_running_loop())
        await asyncio.to_thread(self._load)

    def _load(self) -> None:
        path = self._lm_path or get_packaged_lm(self._models_folder)
        if not path.is_file():
            raise EngineError(f"MARY_LM names no file: {path}. Point it at a .gguf file, or leave it empty.")
        digest = sha256_of(path)
        self.lm = f"{path.stem}@{digest[:DIGEST_CHARACTERS]}"
        adapters = find_adapters(self._adapters_folder, digest)
        params = build_params(path, self.slots, self._context_tokens)
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter.path), 0.0) for adapter in adapters]
        self._adapter_ids = {adapter.name: number for number, adapter in enumerate(adapters)}
        self.adapters = frozenset(self._adapter_ids)
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            named = ", ".join(["", *sorted(self.adapters)])
            raise EngineError(f"llama.cpp cannot load {path}{named}: {error}") from error

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._server = None

    def count_tokens(self, text: str) -> int:
        # The tokenizer's time grows faster than a text: a prompt takes 7 ms, a line 0.5 ms.
        return sum(self._count_line(line) for line in text.splitlines(keepends=True))

    def _ask_tokenizer(self, text: str) -> int:
        # The binding has no tokenizer call; its own server on loopback has one.
        address = urlsplit(self._server.listening_address)
        body = json.dumps({"content": text, "add_special": False})
        try:
            with closing(HTTPConnection(address.hostname or "", address.port, timeout=10)) as connection:
                connection.request("POST", "/tokenize", body, {"Content-Type": "application/json"})
                return len(json.loads(connection.getresponse().read())["tokens"])
        except (HTTPException, OSError) as error:
            raise EngineError(f"llama.cpp's tokenizer does not answer: {error}") from error

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        pieces: asyncio.Queue[Piece] = asyncio.Queue()
        is_dropped = threading.Event()
        hand_over = partial(self._handover.put, pieces)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self._complete, request, hand_over, is_dropped)
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

    def _build_body(self, request: GenerationRequest) -> dict[str, Any]:
        """Every adapter with its share: llama.cpp keeps no prompt cache from one choice of adapters to another."""
        if request.adapter and request.adapter not in self._adapter_ids:
            raise EngineError(f"no adapter {request.adapter}: loaded are {', '.join(sorted(self.adapters)) or 'none'}")
        scales = [{"id": number, "scale": float(name == request.adapter)} for name, number in self._adapter_ids.items()]
        return {**build_body(request), **({"lora": scales} if scales else {})}

    def _complete(
        self, request: GenerationRequest, hand_over: Callable[..., None], is_dropped: threading.Event
    ) -> None:
        is_first = True

        def on_piece(piece: dict[str, Any]) -> bool:
            nonlocal is_first
            hand_over(piece, is_urgent=is_first)
            is_first = False
            return is_dropped.is_set()

        try:
            if not is_dropped.is_set():
                self._server.handle_completions(self._build_body(request), on_piece)
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
        "cache_prompt": True,
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
