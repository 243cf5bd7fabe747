"""Particles after a placeholder. The rule is fixed: they follow the sound of the placeholder's noun, not its number.

이름 ends in a consonant ("[이름1]이"), 전화 in a vowel ("[전화1]가"), so a sentence reads the same whichever
number a person got.
"""

from __future__ import annotations

import re

# After a consonant, after a vowel. The longer of two with the same beginning comes first.
_PAIRS = (
    ("이라고", "라고"),
    ("이라는", "라는"),
    ("이라서", "라서"),
    ("이라면", "라면"),
    ("이라도", "라도"),
    ("이라", "라"),
    ("이란", "란"),
    ("이랑", "랑"),
    ("이에요", "예요"),
    ("이었", "였"),
    ("이야", "야"),
    ("이고요", "고요"),
    ("이거든", "거든"),
    ("이며", "며"),
    ("이여", "여"),
    ("이가", "가"),
    ("으로", "로"),
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("아", "야"),
)
_END = r"(?![가-힣])"
_BEFORE_MORE = frozenset(
    {"이라고", "이라는", "이라서", "이라면", "이라도", "이라", "이란", "이랑", "이었", "이고요", "이거든"}
)


def _spelling(pair: tuple[str, str]) -> str:
    both = f"(?:{pair[0]}|{pair[1]})"
    return both if pair[0] in _BEFORE_MORE else both + _END


_PARTICLE = re.compile("|".join(f"(?P<p{index}>{_spelling(pair)})" for index, pair in enumerate(_PAIRS)))
PARTICLE_AFTER_PLACEHOLDER = "|".join(_spelling(pair) for pair in _PAIRS)
_VOCATIVE = re.compile(r"야(?= ?\S)")


def ends_in_consonant(word: str) -> bool:
    last = ord(word[-1]) - 0xAC00
    return 0 <= last < 11172 and last % 28 != 0


def adapt_particle(noun: str, text: str, position: int) -> tuple[str, int]:
    """The particle at `position` as it must read after `noun`, and where the old one ends; ("", position) if none."""
    match = _PARTICLE.match(text, position)
    if match is None:
        return "", position
    closed = ends_in_consonant(noun)
    if match[0] == "야" and _VOCATIVE.match(text, position):
        return ("아" if closed else "야"), match.end()
    with_consonant, with_vowel = _PAIRS[int((match.lastgroup or "p0")[1:])]
    if with_consonant == "이가":
        with_consonant, with_vowel = "이", "가"
    if with_consonant == "으로" and noun[-1] in "일길울":
        return "로", match.end()
    return (with_consonant if closed else with_vowel), match.end()
