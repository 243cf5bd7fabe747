"""What both sides are asked: the same prompts, sampling and length. Knows no Django settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chat.inference.engines.llamacpp import build_body
from chat.inference.protocol import GenerationRequest
from chat.prompting import Sampling, Turn, load_persona, render_prompt

PERSONA: Final = Path(__file__).parent / "prompts" / "fixed_length.md"
PERSONA_FILE: Final = "../../benchmarks/prompts/fixed_length.md"  # from chat/prompts, where characters look
GREETING: Final = "안녕하세요, 모래시계예요. 오늘은 어떤 이야기를 나눠 볼까요?"
PROMPT_BUDGET_TOKENS: Final = 3072
TOPICS: Final = ("산책", "저녁 식사", "오래된 친구", "이사", "시험", "바다", "고양이", "새 일", "잠", "가족")


@dataclass(frozen=True)
class Character:
    """One row of the stack's `character` table. Sampling keeps replies from looping, which the product would cut."""

    key: str
    max_tokens: int
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.02
    repeat_penalty: float = 1.1

    @property
    def sampling(self) -> Sampling:
        return Sampling(
            self.temperature, self.top_k, self.top_p, self.min_p, self.repeat_penalty, max_tokens=self.max_tokens
        )


def write_message(number: int) -> str:
    """Different for every number, alike in length."""
    return f"{number:04}번째 이야기예요. {TOPICS[number % len(TOPICS)]} 때문에 요즘 생각이 많아졌어요."


def build_request(character: Character, message: str, count_tokens: Callable[[str], int]) -> dict[str, Any]:
    """The body that the stack's engine sends for the first message of a room."""
    turns = (Turn("bot", GREETING), Turn("user", message))
    prompt = render_prompt(load_persona(PERSONA), turns, budget_tokens=PROMPT_BUDGET_TOKENS, count_tokens=count_tokens)
    return build_body(GenerationRequest("bare", prompt, character.sampling))
