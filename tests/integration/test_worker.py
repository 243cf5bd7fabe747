"""The inference worker with a real database and token log: every accepted reply ends, whatever happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.conf import settings

from chat import token_log
from chat.inference.engines.fake import FAILURE_WORD, FakeEngine
from chat.inference.protocol import Delta, GenerationRequest, Usage
from chat.models import InferenceWorker as WorkerRow
from chat.models import Reply, ReplyState
from chat.replies.accept import accept_message
from chat.replies.stop import request_stop
from chat.rooms.delete import delete_counsel
from tests.builders import build_character, build_room, build_user
from tests.integration.live import running_worker

pytestmark = pytest.mark.django_db(transaction=True)


class SilentEngine(FakeEngine):
    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        yield Usage(1, 0, 0)


class LoopingEngine(FakeEngine):
    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        for _ in range(200):
            yield Delta("그래서 많이 힘드셨겠어요. ")


class NumberEngine(FakeEngine):
    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        for piece in ("지금 1", "39", "3으로 전화해 보세요. 아니면 10", "9도 있어요."):
            yield Delta(piece)


def queue_message(text: str = "오늘 좀 지쳤어요", **character: object) -> Reply:
    user = build_user(f"u{uuid4().hex[:8]}")
    room = build_room(user, build_character(f"c{uuid4().hex[:8]}", **character))
    return accept_message(user.pk, room.pk, uuid4(), text).replies.get()


async def wait_for_end(reply_id: UUID) -> Reply:
    async with asyncio.timeout(15):
        while True:
            reply = await database_sync_to_async(Reply.objects.select_related("dialog").get)(pk=reply_id)
            if not reply.is_live:
                return reply
            await asyncio.sleep(0.05)


async def write(reply: Reply, **worker: object) -> Reply:
    async with running_worker(**worker):  # type: ignore[arg-type]
        return await wait_for_end(reply.pk)


@pytest.fixture
def reply() -> Reply:
    return queue_message()


async def test_a_done_reply_knows_how_it_came_to_be(reply):
    done = await write(reply)
    assert (done.state, done.engine, done.lm, done.attempt) == ("done", "fake", "fake", 1)
    assert done.prompt_version.startswith("mary-r")
    assert done.prompt_tokens > 0
    assert done.reply_tokens == 20
    assert done.dt_queued <= done.dt_started <= done.dt_first_token <= done.dt_finished


async def test_an_engine_that_fails_fails_that_reply_only():
    broken = await database_sync_to_async(queue_message)(f"여기서 {FAILURE_WORD}")
    fine = await database_sync_to_async(queue_message)()
    async with running_worker():
        ends = [await wait_for_end(broken.pk), await wait_for_end(fine.pk)]
    assert [(end.state, end.error_code) for end in ends] == [("failed", "engine_error"), ("done", "")]


async def test_an_engine_without_words_fails_with_a_code(reply):
    end = await write(reply, engine=SilentEngine(slots=1))
    assert (end.state, end.error_code) == ("failed", "empty_reply")


async def test_a_loop_is_cut_at_its_third_copy(reply):
    end = await write(reply, engine=LoopingEngine(slots=1))
    assert (end.state, end.text.count("힘드셨겠어요")) == ("done", 3)


async def test_an_invented_number_is_never_stored_and_a_crisis_line_is(reply):
    end = await write(reply, engine=NumberEngine(slots=1))
    assert "1393" not in end.text
    assert "109" in end.text


async def test_a_message_beyond_the_budget_fails_with_a_code():
    long = await database_sync_to_async(queue_message)("길" * 2000)
    end = await write(long, budget_tokens=1500)  # the fake engine counts three bytes of Hangul as 3/4 of a token
    assert (end.state, end.error_code) == ("failed", "prompt_too_long")


async def test_the_closing_phrase_ends_the_reply_exactly_once():
    phrase = "언제든지 물어보세요! 풋풋~!"
    reply = await database_sync_to_async(queue_message)(closing_phrase=phrase, persona_file="futfut.md")
    end = await write(reply)
    assert end.text.endswith(phrase)
    assert end.text.count(phrase) == 1


async def test_stop_before_the_first_word_ends_as_stopped(reply):
    async with running_worker(tokens_per_second=0.5):
        await asyncio.sleep(0.5)
        await database_sync_to_async(request_stop)(reply.dialog.user_id, reply.pk)
        end = await wait_for_end(reply.pk)
    assert (end.state, end.text) == ("stopped", "")


async def test_a_stopped_slot_takes_the_next_reply_at_once():
    first, second = [await database_sync_to_async(queue_message)() for _ in range(2)]
    async with running_worker(slots=1, tokens_per_second=20, reply_tokens=40):
        await asyncio.sleep(0.5)
        await database_sync_to_async(request_stop)(first.dialog.user_id, first.pk)
        ends = [await wait_for_end(first.pk), await wait_for_end(second.pk)]
    assert [end.state for end in ends] == ["stopped", "done"]
    assert (ends[1].dt_started - ends[0].dt_finished).total_seconds() < 1


async def test_no_more_replies_run_than_the_engine_has_slots():
    replies = [await database_sync_to_async(queue_message)() for _ in range(4)]
    async with running_worker(slots=2, tokens_per_second=40):
        await asyncio.sleep(0.4)
        running = await database_sync_to_async(Reply.objects.filter(state=ReplyState.RUNNING).count)()
        ends = [await wait_for_end(reply.pk) for reply in replies]
    assert running == 2
    assert {end.state for end in ends} == {"done"}


async def test_shutting_down_lets_replies_finish_and_leaves_no_row_behind(reply):
    async with running_worker(tokens_per_second=40):
        await asyncio.sleep(0.3)
    end = await wait_for_end(reply.pk)
    assert end.state == "done"
    assert await database_sync_to_async(WorkerRow.objects.count)() == 0


async def test_the_worker_shows_that_it_is_alive():
    async with running_worker(slots=3):
        await asyncio.sleep(0.3)
        rows = await database_sync_to_async(lambda: list(WorkerRow.objects.alive().values_list("engine", "slots")))()
    assert rows == [("fake", 3)]


async def test_a_reply_that_outlasts_the_drain_goes_back_to_the_queue(reply):
    async with running_worker(tokens_per_second=2, reply_tokens=100, drain_seconds=0.1):
        await asyncio.sleep(0.5)
    waiting = await database_sync_to_async(Reply.objects.get)(pk=reply.pk)
    assert (waiting.state, waiting.attempt, waiting.worker) == ("queued", 1, "")
    assert (await write(reply)).attempt == 2


class BrokenEngine(FakeEngine):
    def count_tokens(self, text: str) -> int:
        raise KeyError("tokens")


class NulEngine(FakeEngine):
    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        yield Delta("가\x00나")


async def test_an_unforeseen_error_fails_the_reply_at_once(reply):
    end = await write(reply, engine=BrokenEngine(slots=1))
    assert (end.state, end.error_code, end.attempt) == ("failed", "engine_error", 1)


async def test_a_character_that_the_database_cannot_hold_is_left_out(reply):
    assert (await write(reply, engine=NulEngine(slots=1))).text == "가나"


async def test_a_room_deleted_in_mid_reply_leaves_no_text_in_valkey(reply):
    async with running_worker(tokens_per_second=30) as worker, token_log.connect(settings.MARY_TOKEN_LOG_URL) as client:
        await asyncio.sleep(0.6)
        assert await client.exists(token_log.log_key(reply.pk))
        await database_sync_to_async(delete_counsel)(reply.dialog.user_id, reply.dialog.counsel_id)
        await asyncio.sleep(0.6)
        assert not await client.exists(token_log.log_key(reply.pk))
        assert worker.may_write()
