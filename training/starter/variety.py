"""How alike the written replies are: shared phrases and opening words. Pure functions over texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from training.finetune.records import Conversation

SHARED_WORDS: Final = 8


def list_replies(conversations: Iterable[Conversation]) -> Iterator[tuple[str, str, str]]:
    """(conversation id, character, text) of every reply of the bot; a greeting answers nobody and is none."""
    for conversation in conversations:
        for turn in conversation.turns[1:]:
            if turn.role == "bot":
                yield conversation.id, conversation.character, turn.text


def find_shared_phrases(
    replies: Iterable[tuple[str, str]], words: int = SHARED_WORDS
) -> Iterator[tuple[str, str, str]]:
    """(id, other id, phrase) for each run of `words` words that two replies share. `replies`: (id, text)."""
    seen: dict[tuple[str, ...], tuple[int, str]] = {}
    for number, (identity, text) in enumerate(replies):
        split = text.split()
        for start in range(len(split) - words + 1):
            phrase = tuple(split[start : start + words])
            other, other_identity = seen.setdefault(phrase, (number, identity))
            if other != number:
                yield identity, other_identity, " ".join(phrase)


def count_openings(texts: Sequence[str], words: int = 1) -> Counter[str]:
    return Counter(" ".join(text.split()[:words]) for text in texts)
