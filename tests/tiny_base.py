"""A base so small that the real trainer runs on it in seconds. Needs no Django."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mymary_site.env import REPOSITORY

PERSONA: Final = REPOSITORY / "chat" / "prompts" / "mary.md"
TALKS: Final = (
    ("오늘 비가 와요.", "빗소리가 들리는 날이네요. 어디에 계세요?", "우산 쓰세요."),
    ("시험을 망쳤어요.", "공들인 만큼 속상하셨겠어요. 어떤 과목이었어요?", "다음에 잘하세요."),
    ("친구가 생겼어요!", "새 친구라니 설레시겠어요. 어떻게 만나셨어요?", "좋네요."),
    ("잠이 안 와요.", "뒤척이는 밤은 길지요. 언제부터 그러셨어요?", "일찍 누우세요."),
)


def make_tiny_base(folder: Path) -> Path:
    """A Llama of some thousand weights that knows the persona's words; made with torch, so in a test's process only."""
    from tests.unit.training.finetune.tiny import save_base

    texts = [PERSONA.read_text(encoding="utf-8"), *(text for talk in TALKS for text in talk)]
    return save_base(folder, texts * 3, max_position_embeddings=2048)
