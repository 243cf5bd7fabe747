"""What a user may send: one message of readable text, cleaned, or a refusal with a stable code.

Pure: text in, text out. Emoji and letters count as people see them (a family emoji is one), so the limit cannot be
reached by a few pictures, while a hard limit on code points keeps stacked marks out of the database.
"""

import re
import unicodedata
from typing import Literal

MAX_CHARACTERS = 2000  # as a reader counts them
MAX_CODE_POINTS = 8000  # whatever they add up to

RefusalCode = Literal["empty", "too_long", "control_characters", "invalid"]

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_BREAKS = re.compile("\r\n?|[\u2028\u2029\v\f]")
_INVISIBLE_COMMANDS = re.compile("[\ufeff\u202a-\u202e\u2066-\u2069\u200e\u200f\u00ad]")  # BOM, direction, soft hyphen
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SHOWS_NOTHING = re.compile("[\\s\u200b-\u200d\u2060-\u2064\u3164\u115f\u1160\uffa0\ufe00-\ufe0f\u034f\u2800]*")
_JOINER = "\u200d"


class MessageRefused(Exception):
    """A message that cannot be taken; the user reads the text of `message_<code>` in chat.errors."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code: RefusalCode = code


def clean_message(text: str) -> str:
    """The text as it is stored: NFC, newlines as `\\n`, no outer blank space. Raises MessageRefused."""
    if _SURROGATE.search(text):
        raise MessageRefused("invalid")
    if len(text) > 4 * MAX_CODE_POINTS:  # decomposed Hangul shrinks to a third or a half
        raise MessageRefused("too_long")
    cleaned = _INVISIBLE_COMMANDS.sub("", _LINE_BREAKS.sub("\n", text))
    if _CONTROL.search(cleaned):
        raise MessageRefused("control_characters")
    cleaned = unicodedata.normalize("NFC", cleaned).strip()
    if _SHOWS_NOTHING.fullmatch(cleaned):
        raise MessageRefused("empty")
    if len(cleaned) > MAX_CODE_POINTS or count_characters(cleaned) > MAX_CHARACTERS:
        raise MessageRefused("too_long")
    return cleaned


def count_characters(text: str) -> int:
    """About as a reader counts: marks, joined emoji, skin tones and the second half of a flag add nothing."""
    count = 0
    previous = ""
    flag_is_half = False
    for character in text:
        is_flag_letter = "\U0001f1e6" <= character <= "\U0001f1ff"
        completes_flag = is_flag_letter and flag_is_half
        flag_is_half = is_flag_letter and not completes_flag
        if not (completes_flag or previous == _JOINER or _adds_nothing(character)):
            count += 1
        previous = character
    return count


def _adds_nothing(character: str) -> bool:
    is_mark = unicodedata.category(character) in {"Mn", "Me"}
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    is_tag = "\U000e0020" <= character <= "\U000e007f"
    return is_mark or is_skin_tone or is_tag or character == _JOINER
