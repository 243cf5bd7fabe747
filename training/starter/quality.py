"""What a reply of a starter character must look like, and how alike replies may be. Pure functions over texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from training.finetune.records import Conversation

MOST_SENTENCES: Final = 3
SHORTEST, LONGEST = 12, 130
"""Characters of a reply without its closing phrase."""
SHARED_WORDS: Final = 8
CLOSING_PHRASE: Final = "언제든지 물어보세요! 풋풋~!"

_ALLOWED = re.compile(r"[가-힣0-9 .,!?]+")
_SENTENCE = re.compile(r"[^.!?]+[.!?]+")


@dataclass(frozen=True)
class ReplyForm:
    """`ending`: how every sentence ends, before its mark. `forbidden`: how none does."""

    ending: re.Pattern[str]
    forbidden: re.Pattern[str] | None = None
    asks: bool = True  # empathy first, one question last (reference systems, F-14)
    closing_phrase: str = ""


FORMS: Final = {
    "mary": ReplyForm(re.compile(r"(요|죠|니다|까)$")),
    "mentos": ReplyForm(re.compile(r"[가-힣]$"), forbidden=re.compile(r"(요|니다|니까)$")),
    "expert": ReplyForm(re.compile(r"(니다|니까|십시오)$")),
    "futfut": ReplyForm(re.compile(r"(요|죠|니다)$"), asks=False, closing_phrase=CLOSING_PHRASE),
}


def split_sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE.findall(text)]


def list_form_faults(character: str, reply: str) -> Iterator[str]:
    """Names of the rules that the reply breaks.

    closing_phrase, characters, unfinished, sentences, length, question, register.
    """
    form = FORMS[character]
    body = reply
    if form.closing_phrase:
        body = reply.removesuffix(form.closing_phrase).strip()
        if not reply.endswith(form.closing_phrase) or "풋풋~" in body:
            yield "closing_phrase"
    if not _ALLOWED.fullmatch(body):
        yield "characters"
    sentences = split_sentences(body)
    if " ".join(sentences) != body:
        yield "unfinished"
    if not 1 <= len(sentences) <= MOST_SENTENCES:
        yield "sentences"
    if not SHORTEST <= len(body) <= LONGEST:
        yield "length"
    if form.asks and (body.count("?") != 1 or not body.endswith("?")):
        yield "question"
    ends = [sentence.rstrip(".!?") for sentence in sentences]
    if any(not form.ending.search(end) or (form.forbidden and form.forbidden.search(end)) for end in ends):
        yield "register"


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
