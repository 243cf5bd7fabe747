"""A deterministic engine that ships with the product, for chaos, load and speed of tests.

The same prompt gives the same words at a steady rate, so a test can say what a transcript must be. Each word of an
adapter begins with that adapter's mark. It obeys capacity and cancellation like the real ones.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from chat.inference.adapters import AdapterFile
from chat.inference.protocol import Delta, EngineError, GenerationRequest, Usage

# fmt: off
WORDS: Final = (
    "그랬군요", "마음이", "천천히", "오늘은", "조금", "괜찮아요", "이야기", "해줘서", "고마워요", "어떤", "순간이",
    "가장", "기억에", "남나요", "함께", "생각해", "볼까요", "숨을", "고르고", "나니", "어떤가요", "그", "말이", "오래",
)
# fmt: on
FAILURE_WORD: Final = "[engine-error]"
"""A user message with this word makes the engine fail half-way, so that the failed ending can be tested."""
FAILURE_REACH: Final = 120
"""Characters at the end of the prompt that are searched: the newest message, not the ones before."""


class FakeEngine:
    name = "fake"
    lm = "fake"
    base_sha256 = ""

    def __init__(self, *, slots: int, tokens_per_second: float | None = None, reply_tokens: int | None = None) -> None:
        self.slots = slots
        self.adapters: frozenset[str] = frozenset()
        self.tokens_per_second = tokens_per_second or float(os.environ.get("MARY_FAKE_TOKENS_PER_SECOND", "30"))
        self.reply_tokens = reply_tokens or int(os.environ.get("MARY_FAKE_REPLY_TOKENS", "40"))

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return

    async def load_adapters(self, adapters: Sequence[AdapterFile]) -> None:
        for adapter in adapters:
            if not adapter.path.is_file():
                raise EngineError(f"{adapter.name} is not at {adapter.path}")
        self.adapters = frozenset(adapter.name for adapter in adapters)

    def count_tokens(self, text: str) -> int:
        return len(text.encode()) // 4 + 1

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Delta | Usage, None]:
        if request.adapter and request.adapter not in self.adapters:
            raise EngineError(f"no adapter {request.adapter}")
        words = [mark_adapter(request.adapter) + word for word in fake_words(request.prompt.text, self.reply_tokens)]
        fails = FAILURE_WORD in request.prompt.text[-FAILURE_REACH:]
        clock = asyncio.get_running_loop()
        began = clock.time()
        for index, word in enumerate(words):
            await asyncio.sleep(max(0.0, began + (index + 1) / self.tokens_per_second - clock.time()))
            if fails and index == len(words) // 2:
                raise EngineError("asked to fail")
            yield Delta(word if index == 0 else f" {word}")
        yield Usage(self.count_tokens(request.prompt.text), 0, len(words))


def fake_words(prompt: str, count: int) -> list[str]:
    """`count` words, numbered so that a lost or doubled one is seen, chosen by the prompt's digest."""
    digest = hashlib.sha256(prompt.encode()).digest()
    return [f"{WORDS[digest[index % 32] % len(WORDS)]}{index}" for index in range(count)]


def mark_adapter(name: str) -> str:
    """The digest of `name@digest` in letters, since filters take digits for telephones; empty for the bare lm."""
    return name.partition("@")[2].translate(str.maketrans("0123456789", "ghijklmnop"))
