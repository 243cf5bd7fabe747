"""Replies to held-out talks, sampled as the product serves them: its prompt, sampling, stops and filters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from chat.inference.engine import Engine
from chat.inference.protocol import Delta, GenerationRequest, Usage
from chat.inference.voice import Voice, build_request, stream_reply
from chat.prompting import Turn
from training.finetune.records import Conversation
from training.finetune.templates import list_answers

BUDGET_TOKENS = 3072


@dataclass(frozen=True)
class Question:
    """A talk up to a message of the user, and what was written in answer to it."""

    turns: tuple[Turn, ...]
    reference: str
    id: str = ""
    is_clinical: bool = False


@dataclass(frozen=True)
class Answer:
    """`text`: as people read it; `raw`: as the lm wrote it, before any filter."""

    text: str
    raw: str
    first_seconds: float  # until the first piece
    seconds: float
    tokens: int  # 0 where the reply was cut off at a loop


def list_questions(conversations: Sequence[Conversation], number: int) -> Iterator[Question]:
    """In the order of the talks; where there are fewer than `number`, from the first again."""
    questions = [
        Question(
            tuple(Turn(turn.role, turn.text) for turn in conversation.turns[:index]),
            conversation.turns[index].text,
            f"{conversation.id}/{index}",
            conversation.is_clinical,
        )
        for conversation in conversations
        for index in list_answers(conversation.turns, last_only=False)
    ]
    for place in range(number or len(questions)):
        yield questions[place % len(questions)]


async def answer_all(
    engine: Engine,
    voice: Voice,
    questions: Sequence[Question],
    report: Callable[[int], None],
    *,
    side_by_side: int | None = None,
) -> list[Answer]:
    """One reply a question, as many at a time as the engine has slots. `report` is told how many are done.

    One at a time makes replies at temperature 0 the same each time: in a batch, rounding depends on the neighbours.
    """
    free = asyncio.Semaphore(side_by_side or engine.slots)
    done = 0

    async def answer(number: int, question: Question) -> Answer:
        nonlocal done
        async with free:
            request = await asyncio.to_thread(
                build_request,
                voice,
                question.turns,
                engine,
                request_id=f"evaluation-{number}",
                budget_tokens=BUDGET_TOKENS,
            )
            found = await answer_request(engine, voice, request)
        done += 1
        report(done)
        return found

    return list(await asyncio.gather(*(answer(number, question) for number, question in enumerate(questions))))


async def answer_request(engine: Engine, voice: Voice, request: GenerationRequest) -> Answer:
    """Raises EngineError."""
    listener = Listener(engine)
    began = perf_counter()
    text = "".join([piece async for piece in stream_reply(voice, cast("Engine", listener), request)])
    ended = perf_counter()
    return Answer(text, listener.raw, (listener.first_at or ended) - began, ended - began, listener.tokens)


class Listener:
    """Stands before an engine for one request: what it wrote before the filters, and when it began to."""

    def __init__(self, engine: Engine) -> None:
        self.raw = ""
        self.first_at = 0.0
        self.tokens = 0
        self._engine = engine

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        async with aclosing(self._engine.generate(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    self.first_at = self.first_at or perf_counter()
                    self.raw += piece.text
                else:
                    self.tokens = piece.reply_tokens
                yield piece
