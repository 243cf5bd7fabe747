"""What turns a talk into one request to an engine, and the engine's pieces into what people read.

The worker adds its log, leases and record to this; the terminal chat and the evaluation use it as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from chat.inference.engine import Engine
from chat.inference.protocol import Delta, GenerationRequest
from chat.prompting import Persona, Sampling, Turn, render_prompt, soften_sampling, tune_persona
from chat.tone.reply_filters import ReplyFilters
from chat.understanding.crisis_card import allowed_numbers


@dataclass(frozen=True)
class Voice:
    """How a character speaks. `adapter`: one of the engine's, or empty for the bare lm with the persona's examples."""

    persona: Persona
    sampling: Sampling
    stop_strings: tuple[str, ...] = ()
    closing_phrase: str = ""
    adapter: str = ""


def build_request(
    voice: Voice, turns: Sequence[Turn], engine: Engine, *, request_id: str, budget_tokens: int, safety: bool = False
) -> GenerationRequest:
    """Blocking: the engine counts tokens. Raises PromptTooLong."""
    prompt = render_prompt(
        tune_persona(voice.persona) if voice.adapter else voice.persona,
        turns,
        budget_tokens=budget_tokens,
        count_tokens=engine.count_tokens,
        safety=safety,
    )
    prompt = replace(prompt, stop=(*prompt.stop, *voice.stop_strings))
    sampling = soften_sampling(voice.sampling) if safety else voice.sampling
    return GenerationRequest(request_id, prompt, sampling, voice.adapter)


def build_filters(voice: Voice, *, safety: bool = False) -> ReplyFilters:
    """A character's cheerful closing phrase has no place under the safety prompt."""
    closing_phrase = "" if safety else voice.closing_phrase
    return ReplyFilters(closing_phrase=closing_phrase, allowed_numbers=allowed_numbers())


async def stream_reply(
    voice: Voice, engine: Engine, request: GenerationRequest, *, safety: bool = False
) -> AsyncGenerator[str, None]:
    """The reply as people read it, piece by piece; it ends where it begins to loop. Raises EngineError."""
    filters = build_filters(voice, safety=safety)
    async with aclosing(engine.generate(request)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                yield filters.feed(piece.text.replace("\x00", ""))
            if filters.is_looping:
                break
    yield filters.flush()
