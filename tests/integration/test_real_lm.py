"""One story with the real language model: llama.cpp, the packaged weights, the real worker, sockets and log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from channels.db import database_sync_to_async
from django.conf import settings

from chat.inference.adapters import AdapterFile, find_adapters
from chat.inference.engines.llamacpp import LlamaCppEngine
from chat.inference.protocol import Delta, EngineError, GenerationRequest
from chat.inference.writing import read_voice
from chat.management.commands.seed import read_character_seeds
from chat.models import Adapter, Character, Release, Reply
from chat.prompting import PROMPTS_FOLDER, Prompt, Sampling
from chat.serving.probes import ANSWER_TOKENS, QUESTIONS, ask, check_answers
from chat.serving.register import register_adapter
from chat.serving.settle import make_live
from tests.builders import build_character, build_room, build_user
from tests.integration.live import open_socket, running_worker
from tests.integration.voices import open_room, roll_back_live, swap, talk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SAMPLING = Sampling(temperature=0.3, top_k=20, top_p=0.95, min_p=0.05, repeat_penalty=1.1, max_tokens=400)
LIKELIEST = replace(SAMPLING, temperature=0.0, max_tokens=40)


def build_engine(slots: int = 1, adapters_folder: Path | None = settings.MARY_ADAPTERS_FOLDER) -> LlamaCppEngine:
    return LlamaCppEngine(
        lm_path=None,
        models_folder=settings.MARY_MODELS_FOLDER,
        adapters_folder=adapters_folder,
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


async def speak(engine: LlamaCppEngine, adapter: str) -> str:
    """The likeliest answer, computed without the prompt cache: always the same."""
    request = GenerationRequest(
        "1", Prompt("User: 오늘은 좀 지쳤어요.\nBot:", (), 0, 9, "test"), LIKELIEST, adapter, False
    )
    return "".join([piece.text async for piece in engine.generate(request) if isinstance(piece, Delta)])


async def test_replies_finish_with_the_adapter_they_began_with_while_others_are_loaded():
    engine = build_engine(slots=2)
    await engine.start()
    files = {file.name: file for file in find_adapters(settings.MARY_ADAPTERS_FOLDER, engine.base_sha256)}
    first, second, third, _ = files
    alone = {name: await speak(engine, name) for name in (first, third)}
    for names in ((first, third), (first, second, third), (third, first)):
        stream = asyncio.create_task(speak(engine, first))
        await asyncio.sleep(0.1)
        await engine.load_adapters([files[name] for name in names])
        # Beside the stream in the old server, not in one batch with it: a batch rounds otherwise.
        assert await speak(engine, third) == alone[third]
        assert await stream == alone[first]
        assert engine.adapters == set(names)
    assert alone[first] != alone[third]
    await engine.close()


def register_two(character: Character) -> list[Adapter]:
    """The first of them is live."""
    adapters = [register_adapter(settings.MARY_ADAPTERS_FOLDER / key, character) for key in ("mary", "mentos")]
    make_live(Release(character=character, adapter=adapters[0]))
    return adapters


async def test_a_user_talks_on_while_a_voice_is_published_and_rolled_back(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(settings, "MARY_PUBLISHED_FOLDER", tmp_path)
    character = await database_sync_to_async(build_character)("mina", max_tokens=60)
    first, second = await database_sync_to_async(register_two)(character)
    room = await database_sync_to_async(open_room)(character)
    async with running_worker(engine=build_engine(slots=2, adapters_folder=None)):
        talking = asyncio.create_task(talk(room))
        assert (await swap(second)).state == "live"
        during, after = await talking, await talk(room)
        ended = await database_sync_to_async(roll_back_live)(character)
        back = await talk(room)
    assert [reply.state for reply in (during, after, back)] == ["done"] * 3
    assert [reply.attempt for reply in (during, after, back)] == [1] * 3
    assert (during.adapter, after.adapter, back.adapter) == (first.name, second.name, first.name)
    assert (back.dt_first_token - ended.dt_ended).total_seconds() < 10


async def test_a_damaged_adapter_is_refused_and_what_is_loaded_speaks_on(engine, tmp_path: Path):
    before = engine.adapters
    mary = min(before)
    spoken = await speak(engine, mary)
    whole = (settings.MARY_ADAPTERS_FOLDER / "mary" / "adapter.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match="cut@1"):
        await engine.load_adapters([AdapterFile("cut@1", tmp_path / "cut.gguf")])
    assert engine.adapters == before
    assert await speak(engine, mary) == spoken


@pytest.mark.parametrize("key", ["mary", "mentos", "expert", "futfut"])
async def test_what_ships_passes_the_canary_prompts(engine, key: str):
    (seed,) = [seed for seed in read_character_seeds() if seed["key"] == key]
    voice = read_voice(Character(**seed), seed["adapter"])
    answers = await ask(engine, voice, QUESTIONS, budget_tokens=3072, answer_tokens=ANSWER_TOKENS)
    check_answers(answers)


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
