"""The one interface of all engines, and the choice between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Protocol

from chat.inference.adapters import AdapterFile
from chat.inference.protocol import Delta, GenerationRequest, Usage


class Engine(Protocol):
    name: str
    lm: str
    """Name of the network and the first digits of its weights' sha256, as stored with every reply."""
    slots: int
    """How many requests run side by side; the worker never has more in flight."""
    adapters: frozenset[str]
    """Names (`name@digest`) that a request may ask for, known once started; changed by `load_adapters` alone."""
    base_sha256: str
    """Of the weights, known once started; empty for an engine that takes adapters of any base."""

    async def start(self) -> None:
        """Load the weights. Raises EngineError with a sentence that names the remedy."""

    async def close(self) -> None:
        """Free everything; requests in flight end with EngineError."""

    async def load_adapters(self, adapters: Sequence[AdapterFile]) -> None:
        """Make exactly these available to requests that begin from now on.

        Requests in flight finish with what they began with. One load at a time; the event loop goes on meanwhile.
        Raises EngineError, and then nothing has changed.
        """

    def count_tokens(self, text: str) -> int:
        """At least the number of tokens of the text alone, without a beginning-of-text token.

        An engine may count line by line, which gives a few more where the tokenizer joins line ends. Blocking; called
        in a thread.
        """

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        """Stream the reply; `aclose()` on the generator frees the slot. Raises EngineError."""


def build_engine(
    kind: str,
    *,
    lm_path: Path | None,
    models_folder: Path,
    adapters_folder: Path | None,
    slots: int,
    context_tokens: int,
) -> Engine:
    """`lm_path` None takes the packaged lm, put together below `models_folder`.

    An engine starts with the adapters below `adapters_folder`; with None it starts with the bare lm.
    """
    # Engines are imported where they are chosen: a worker with the fake engine never loads llama.cpp.
    if kind == "fake":
        from chat.inference.engines.fake import FakeEngine

        return FakeEngine(slots=slots)
    from chat.inference.engines.llamacpp import LlamaCppEngine

    return LlamaCppEngine(
        lm_path=lm_path,
        models_folder=models_folder,
        adapters_folder=adapters_folder,
        slots=slots,
        context_tokens=context_tokens,
    )
