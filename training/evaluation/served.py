"""Replies to held-out talks, sampled as the product serves them: its prompt, sampling, stops and filters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chat.inference.engine import Engine
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


def list_questions(conversations: Sequence[Conversation], number: int) -> Iterator[Question]:
    """In the order of the talks; where there are fewer than `number`, from the first again."""
    questions = [
        Question(
            tuple(Turn(turn.role, turn.text) for turn in conversation.turns[:index]), conversation.turns[index].text
        )
        for conversation in conversations
        for index in list_answers(conversation.turns, last_only=False)
    ]
    for place in range(number or len(questions)):
        yield questions[place % len(questions)]


async def answer_all(
    engine: Engine, voice: Voice, questions: Sequence[Question], report: Callable[[int], None]
) -> list[str]:
    """One reply a question, as many at a time as the engine has slots. `report` is told how many are done."""
    free = asyncio.Semaphore(engine.slots)
    done = 0

    async def answer(number: int, question: Question) -> str:
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
            text = "".join([piece async for piece in stream_reply(voice, engine, request)])
        done += 1
        report(done)
        return text

    return list(await asyncio.gather(*(answer(number, question) for number, question in enumerate(questions))))
