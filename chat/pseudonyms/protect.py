"""What no rule may mask: placeholders that already stand there, crisis lines, doses, amounts, scores and durations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from chat.pseudonyms.kinds import PLACEHOLDER
from chat.pseudonyms.particles import PARTICLE_AFTER_PLACEHOLDER
from chat.pseudonyms.spans import Span
from chat.understanding.crisis_card import allowed_numbers

_UNITS = (
    "mg|ml|kg|cm|mm|g|밀리그램|그램|미리|키로|킬로|센치|시간|일째|주째|주일|개월|달|년째|등급|%|퍼센트|"
    "만 ?원|천 ?원|백 ?원|원|개비|칼로리|번째|킬로그램"
)
# These begin other words too ("22 살아요"), so they stand right behind their number.
_SHORT_UNITS = "분|초|살|세|점|억|알|정|병|잔|갑|보"
_AMOUNT = re.compile(
    r"(?<![\dA-Za-z._@#/-])\d{1,3}(?:,\d{3}|\d){0,8}(?:\.\d{1,3})?"
    rf"(?: ?(?:{_UNITS})|(?:{_SHORT_UNITS}))(?![A-Za-z\d])"
)
_OPAQUE = re.compile(rf"{PLACEHOLDER.pattern}(?:{PARTICLE_AFTER_PLACEHOLDER})?")


def find_placeholders(plain: str) -> Iterator[Span]:
    """Placeholders with the particle after them: nothing in there is ever read again."""
    return (Span("name", match.start(), match.end()) for match in _OPAQUE.finditer(plain))


def find_protected(plain: str) -> Iterator[Span]:
    for pattern in (_compile_lines(), _AMOUNT):
        for match in pattern.finditer(plain):
            yield Span("name", match.start(), match.end())


@cache
def _compile_lines() -> re.Pattern[str]:
    spellings = (
        re.escape(number).replace(r"\-", "[ -]?") for number in sorted(allowed_numbers(), key=len, reverse=True)
    )
    return re.compile(rf"(?<!\d)(?<!\d-)(?:{'|'.join(spellings)})(?!\d|-\d)")
