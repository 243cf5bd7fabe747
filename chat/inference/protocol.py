"""What crosses between the worker and an engine. Text goes in and out; token ids stay inside the engine."""

from __future__ import annotations

from dataclasses import dataclass

from chat.prompting import Prompt, Sampling


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    request_id: str
    prompt: Prompt
    sampling: Sampling
    adapter: str = ""  # one of the engine's `adapters`; empty for the bare lm
    is_cache_allowed: bool = True
    """Reading a prompt's beginning from the cache changes the last bits of what follows: a comparison goes without."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of generated text, whole code points only."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The last thing an engine yields for a request that it was not told to drop."""

    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int


class EngineError(Exception):
    """The engine could not finish this request; the others are unharmed."""
