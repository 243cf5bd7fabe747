"""What one inference worker does with an adapter before it would serve it: check, load, compare, listen.

Nobody's reply is written with it meanwhile. Not covered: that it speaks well; the gate before and the canary share
after are for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from chat.inference.adapters import AdapterFile
from chat.inference.engine import Engine
from chat.inference.protocol import EngineError
from chat.inference.voice import Voice
from chat.serving.probes import ANSWER_TOKENS, COMPARED_TOKENS, QUESTIONS, Answer, ask, check_answers
from chat.serving.refusals import ServingRefused
from chat.serving.stored import StoredAdapter

COMPARISONS: Final = 5
"""In one batch with other requests a sum is rounded otherwise, and now and then another token is the likeliest: what
differs is asked again."""


async def verify_adapter(
    stored: StoredAdapter,
    engine: Engine,
    kept: Sequence[AdapterFile],
    *,
    live: Voice,
    candidate: Voice,
    budget_tokens: int,
) -> None:
    """Load it beside `kept`, which is what the engine serves. Raises ServingRefused."""
    file = await asyncio.to_thread(stored.check, engine.base_sha256)
    if file.name not in engine.adapters:
        before = await _ask_live(engine, live, budget_tokens)
        await _load(engine, [*kept, file])
        await asyncio.to_thread(stored.check, engine.base_sha256)  # what was read is what was checked
        await _compare_live(engine, live, before, budget_tokens)
    try:
        answers = await ask(engine, candidate, QUESTIONS, budget_tokens=budget_tokens, answer_tokens=ANSWER_TOKENS)
    except EngineError as error:
        raise ServingRefused("probe_failed", str(error)) from error
    check_answers(answers)


async def _load(engine: Engine, files: Sequence[AdapterFile]) -> None:
    try:
        await engine.load_adapters(files)
    except EngineError as error:
        raise ServingRefused("load_failed", str(error)) from error


async def _compare_live(engine: Engine, live: Voice, before: list[Answer], budget_tokens: int) -> None:
    for _ in range(COMPARISONS):
        if await _ask_live(engine, live, budget_tokens) == before:
            return
    raise ServingRefused("live_changed", live.adapter or "bare lm")


async def _ask_live(engine: Engine, live: Voice, budget_tokens: int) -> list[Answer]:
    try:
        return await ask(
            engine,
            live,
            QUESTIONS[:1],
            budget_tokens=budget_tokens,
            answer_tokens=COMPARED_TOKENS,
            is_exact=True,
        )
    except EngineError as error:
        raise ServingRefused("probe_failed", str(error)) from error
