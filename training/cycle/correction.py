"""What may stand as a corrected reply. Pure: text in, cleaned text out, or a refusal with a code."""

from __future__ import annotations

import re
from typing import Final

from chat.replies.text_limits import MessageRefused, clean_message, count_characters
from chat.tone.phone_guard import PhoneGuard
from chat.understanding.crisis_card import allowed_numbers
from training.cycle.review_refusals import ReviewRefused
from training.finetune.records import FOREIGN_LABEL
from training.models.ratings import MAX_CORRECTION_CHARACTERS

LINK: Final = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,9}://|\bwww\.|\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|kr|io|me|co|app|dev|ly|gg)\b",
    re.ASCII,
)
LABEL_AT_START: Final = re.compile(
    r"(질문|답변|명령어|응답|구매자|판매자|user|bot|assistant|human|ai)\s*\d*\s*[:：]", re.IGNORECASE
)
_CODES: Final = {"empty": "correction_empty", "too_long": "correction_too_long"}


def clean_correction(text: str, original: str) -> str:
    """`original`: the reply as the expert saw it.

    Raises ReviewRefused: correction_empty, _too_long, _unreadable, _same, _phone, _link, _label.
    """
    try:
        cleaned = clean_message(text)
    except MessageRefused as refusal:
        raise ReviewRefused(_CODES.get(refusal.code, "correction_unreadable")) from refusal
    if len(cleaned) > MAX_CORRECTION_CHARACTERS or count_characters(cleaned) > MAX_CORRECTION_CHARACTERS:
        raise ReviewRefused("correction_too_long")
    if cleaned.split() == original.split():
        raise ReviewRefused("correction_same")
    if hides_numbers(cleaned):
        raise ReviewRefused("correction_phone")
    if LINK.search(cleaned):
        raise ReviewRefused("correction_link")
    if FOREIGN_LABEL.search(cleaned) or LABEL_AT_START.match(cleaned):
        raise ReviewRefused("correction_label")
    return cleaned


def hides_numbers(text: str) -> bool:
    guard = PhoneGuard(allowed_numbers())
    return guard.feed(text) + guard.flush() != text
