"""What a reply must look like (reference systems, F-14), and which of its rules a text breaks. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MOST_SENTENCES: Final = 3
SHORTEST, LONGEST = 12, 130
"""Characters of a reply without its closing phrase."""
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


GENERAL: Final = ReplyForm(re.compile(r"[가-힣]$"), asks=False)
"""Of a character that has no form of its own here."""
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

    closing_phrase (not exactly once, at the end), characters (other than Korean: role labels too), unfinished,
    sentences (more than three), empathy (nothing before the question), length, question (not one, at the end),
    register, loop (a word three times running, or a sentence twice).
    """
    form = FORMS.get(character, GENERAL)
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
    if form.asks and len(sentences) < 2:
        yield "empathy"
    if not SHORTEST <= len(body) <= LONGEST:
        yield "length"
    if form.asks and (body.count("?") != 1 or not body.endswith("?")):
        yield "question"
    ends = [sentence.rstrip(".!?") for sentence in sentences]
    if any(not form.ending.search(end) or (form.forbidden and form.forbidden.search(end)) for end in ends):
        yield "register"
    if has_loop(body, sentences):
        yield "loop"


def has_loop(text: str, sentences: list[str]) -> bool:
    words = text.split()
    is_word_thrice = any(one == two == three for (one, two), (_, three) in pairwise(pairwise(words)))
    return is_word_thrice or len(set(sentences)) < len(sentences)
