"""One story with the real language model: llama.cpp, the packaged weights, the real worker, sockets and log."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.protocol import EngineError, GenerationRequest
from chat.models import Reply
from chat.prompting import PROMPTS_FOLDER, Prompt, Sampling
from tests.builders import build_room, build_user
from tests.integration.live import open_socket, running_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SAMPLING = Sampling(temperature=0.3, top_k=20, top_p=0.95, min_p=0.05, repeat_penalty=1.1, max_tokens=400)


def build_engine(slots: int = 1) -> LlamaCppEngine:
    return LlamaCppEngine(
        lm_path=None,
        models_folder=settings.MARY_MODELS_FOLDER,
        adapters_folder=settings.MARY_ADAPTERS_FOLDER,
        slots=slots,
        context_tokens=4096,
    )


@pytest.fixture
async def engine() -> AsyncIterator[LlamaCppEngine]:
    loaded = build_engine()
    await loaded.start()
    yield loaded
    await loaded.close()


async def test_two_turns_with_mary_are_answered_in_korean_and_reuse_the_prompt_cache():
    from channels.db import database_sync_to_async

    user = await database_sync_to_async(build_user)()
    room = await database_sync_to_async(build_room)(user)
    async with running_worker(engine=build_engine()), open_socket(user) as socket:
        await socket.send("room.open", counsel_id=room.pk)
        for text in ("오늘 발표를 망쳤어요.", "사람들이 웃는 것 같았어요."):
            dialog = await socket.say(room.pk, text)
            reply, streamed = await socket.see_end(dialog["id"])
            assert reply["state"] == "done"
            assert streamed == reply["text"]
            assert re.search("[가-힣]", streamed)
    second = await database_sync_to_async(Reply.objects.get)(pk=reply["id"])
    assert second.lm.startswith("gemma-3-270m-q4_k_m@a5fd3b62230a")
    assert second.cached_tokens > second.prompt_tokens / 2


async def test_dropping_a_request_frees_the_slot_for_the_next(engine):
    request = GenerationRequest("1", Prompt("옛날 옛적에", (), 0, 5, "test"), SAMPLING)
    async with aclosing(engine.generate(request)) as pieces:
        await anext(pieces)
    async with aclosing(engine.generate(request)) as pieces:
        assert (await anext(pieces)).text


async def test_the_engine_counts_no_fewer_tokens_than_it_will_read_and_few_more(engine):
    for persona in sorted(PROMPTS_FOLDER.glob("*.md")):
        for text in (persona.read_text(), "사용자: 오늘은 조금 지쳤어요.\n마리:", "하루\n\n\n\n끝\r\n😀😀\t 1 2 3\n"):
            request = GenerationRequest("1", Prompt(text, (), 0, 0, "test"), replace(SAMPLING, max_tokens=1))
            usages = [piece async for piece in engine.generate(request) if hasattr(piece, "prompt_tokens")]
            read = usages[-1].prompt_tokens - 1  # without the beginning-of-text token
            assert read <= engine.count_tokens(text) <= read + text.count("\n"), persona.name


async def test_a_missing_model_file_is_named_with_its_remedy(tmp_path: Path):
    absent = LlamaCppEngine(
        lm_path=tmp_path / "none.gguf",
        models_folder=tmp_path,
        adapters_folder=tmp_path,
        slots=1,
        context_tokens=512,
    )
    with pytest.raises(EngineError, match=r"MARY_LM names no file: .*none\.gguf"):
        await absent.start()
