"""The one interface of all engines, and the choice between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

from chat.inference.protocol import Delta, GenerationRequest, Usage


class Engine(Protocol):
    name: str
    lm: str
    """Name of the network and the first digits of its weights' sha256, as stored with every reply."""
    slots: int
    """How many requests run side by side; the worker never has more in flight."""
    adapters: frozenset[str]
    """Names (`name@digest`) that a request may ask for, known once started."""

    async def start(self) -> None:
        """Load the weights. Raises EngineError with a sentence that names the remedy."""

    async def close(self) -> None:
        """Free everything; requests in flight end with EngineError."""

    def count_tokens(self, text: str) -> int:
        """At least the number of tokens of the text alone, without a beginning-of-text token.

        An engine may count line by line, which gives a few more where the tokenizer joins line ends. Blocking; called
        in a thread.
        """

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        """Stream the reply; `aclose()` on the generator frees the slot. Raises EngineError."""


def build_engine(
    kind: str, *, lm_path: Path | None, models_folder: Path, adapters_folder: Path, slots: int, context_tokens: int
) -> Engine:
    """`lm_path` None takes the packaged lm, put together below `models_folder`."""
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
