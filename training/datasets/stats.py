"""What a file holds, counted in one pass and in flat memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from training.datasets.sketches import FrequentTexts, Histogram
from training.finetune.records import Conversation, Turn

HANGUL: Final = re.compile("[가-힣ㄱ-ㆎᄀ-ᇿ]+")
OPENING_WORDS: Final = 2
OPENING_CHARACTERS: Final = 40


@dataclass
class Stats:
    conversations: int = 0
    replies: int = 0  # the bot's turns that answer somebody
    greetings: int = 0  # the bot's first turns that do not
    characters_of_user: Histogram = field(default_factory=Histogram)  # a turn
    characters_of_bot: Histogram = field(default_factory=Histogram)
    turns: Histogram = field(default_factory=Histogram)  # a conversation
    pairs_by_agreement: Counter[float] = field(default_factory=Counter)  # rounded to hundredths
    openings: FrequentTexts = field(default_factory=FrequentTexts)
    hangul: int = 0
    characters_not_blank: int = 0

    @property
    def hangul_share(self) -> float:
        return self.hangul / self.characters_not_blank if self.characters_not_blank else 0.0

    def add(self, conversation: Conversation) -> None:
        self.conversations += 1
        self.turns.add(len(conversation.turns))
        for index, turn in enumerate(conversation.turns):
            self._add_turn(turn, is_answer=index > 0)

    def _add_turn(self, turn: Turn, *, is_answer: bool) -> None:
        self.hangul += sum(map(len, HANGUL.findall(turn.text)))
        self.characters_not_blank += sum(map(len, turn.text.split()))
        if turn.role == "user":
            self.characters_of_user.add(len(turn.text))
            return
        self.characters_of_bot.add(len(turn.text))
        self.pairs_by_agreement.update(round(pair.agreement, 2) for pair in turn.pairs)
        if is_answer:
            self.replies += 1
            self.openings.add(_take_opening(turn.text))
        else:
            self.greetings += 1


def measure_conversations(conversations: Iterable[Conversation]) -> Stats:
    stats = Stats()
    for conversation in conversations:
        stats.add(conversation)
    return stats


def _take_opening(text: str) -> str:
    return " ".join(text.split(maxsplit=OPENING_WORDS)[:OPENING_WORDS])[:OPENING_CHARACTERS]
