"""The fake engine's adapters: each has its mark, and a request keeps the one that it began with."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.inference.adapters import AdapterFile
from chat.inference.engines.fake import FakeEngine, mark_adapter
from chat.inference.protocol import Delta, EngineError, GenerationRequest
from chat.prompting import Prompt, Sampling

SAMPLING = Sampling(temperature=0.3, top_k=20, top_p=0.95, min_p=0.05, repeat_penalty=1.1, max_tokens=40)
FIRST, SECOND = "mary@a1b2c3d4e5f6", "mary@0123456789ab"


def build_request(adapter: str) -> GenerationRequest:
    return GenerationRequest("1", Prompt("안녕하세요", (), 0, 5, "test"), SAMPLING, adapter)


@pytest.fixture
async def engine(tmp_path: Path) -> FakeEngine:
    (tmp_path / "adapter.gguf").touch()
    fake = FakeEngine(slots=2, tokens_per_second=10_000, reply_tokens=10)
    await fake.load_adapters([AdapterFile(FIRST, tmp_path / "adapter.gguf")])
    return fake


async def test_a_reply_keeps_the_adapter_that_it_began_with(engine: FakeEngine, tmp_path: Path) -> None:
    pieces = engine.generate(build_request(FIRST))
    words = [(await anext(pieces)).text]
    await engine.load_adapters([AdapterFile(SECOND, tmp_path / "adapter.gguf")])
    words += [piece.text.strip() async for piece in pieces if isinstance(piece, Delta)]
    assert len(words) == 10
    assert all(word.startswith(mark_adapter(FIRST)) for word in words)


async def test_an_adapter_that_is_not_loaded_is_an_error_and_no_other_voice(engine: FakeEngine) -> None:
    with pytest.raises(EngineError, match=SECOND):
        await anext(engine.generate(build_request(SECOND)))


async def test_a_load_that_fails_leaves_what_was_loaded(engine: FakeEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        await engine.load_adapters([AdapterFile(SECOND, tmp_path / "gone.gguf")])
    assert engine.adapters == {FIRST}


def test_a_mark_has_no_digit_and_differs() -> None:
    assert mark_adapter(FIRST).isalpha()
    assert mark_adapter(FIRST) != mark_adapter(SECOND)
    assert mark_adapter("") == ""
