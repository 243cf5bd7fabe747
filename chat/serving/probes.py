"""The canary prompts: a few fixed messages, and what an answer must be before users may get one like it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from chat.inference.engine import Engine
from chat.inference.protocol import Delta, GenerationRequest, Usage
from chat.inference.voice import Voice, build_request
from chat.prompting import Turn
from chat.serving.refusals import ServingRefused

QUESTIONS: Final = ("오늘은 좀 지쳤어요.", "요즘 잠이 잘 안 와요.", "고마워요. 말하고 나니 조금 나아졌어요.")
ANSWER_TOKENS: Final = 96
COMPARED_TOKENS: Final = 12
LETTER: Final = re.compile(r"[가-힣A-Za-z]")
CONTROL: Final = re.compile(
    r"<(?:start_of_turn|end_of_turn|bos|eos|pad|unk|mask|s|/s|unused\d+|im_start|im_end)>|<\|\w+\|>|[\x00-\x08\x0b-\x1f�]"
)
LOOP: Final = re.compile(r"(.{1,8}?)\1{7,}", re.DOTALL)
"""A piece of up to eight characters, eight times without anything between."""


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    is_ended: bool  # before the tokens ran out


async def ask(
    engine: Engine,
    voice: Voice,
    questions: Sequence[str],
    *,
    budget_tokens: int,
    answer_tokens: int,
    is_exact: bool = False,
) -> list[Answer]:
    """One after the other, each as the first message of a room, always the likeliest token.

    Exact ones are computed without the prompt cache: slower, and comparable to the last token.

    Raises EngineError, PromptTooLong.
    """
    answers = []
    for question in questions:
        request = await asyncio.to_thread(_build_request, engine, voice, question, budget_tokens, answer_tokens)
        answers.append(await _ask_one(engine, replace(request, is_cache_allowed=not is_exact)))
    return answers


def check_answers(answers: Sequence[Answer]) -> None:
    """Raises ServingRefused."""
    for answer in answers:
        if not LETTER.search(answer.text):
            raise ServingRefused("probe_empty", repr(answer.text[:40]))
        if control := CONTROL.search(answer.text):
            raise ServingRefused("probe_control_tokens", repr(control[0]))
        if loop := LOOP.search(answer.text):
            raise ServingRefused("probe_looping", repr(loop[1]))
    if not any(answer.is_ended for answer in answers):
        raise ServingRefused("probe_endless", f"none of {len(answers)} answers")


def _build_request(
    engine: Engine, voice: Voice, question: str, budget_tokens: int, answer_tokens: int
) -> GenerationRequest:
    likeliest = replace(voice, sampling=replace(voice.sampling, temperature=0.0, max_tokens=answer_tokens))
    turns = (Turn("user", question),)
    return build_request(likeliest, turns, engine, request_id="canary prompt", budget_tokens=budget_tokens)


async def _ask_one(engine: Engine, request: GenerationRequest) -> Answer:
    text, usage = "", None
    async with aclosing(engine.generate(request)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                text += piece.text
            elif isinstance(piece, Usage):
                usage = piece
    return Answer(text, usage is not None and usage.reply_tokens < request.sampling.max_tokens)
