"""Undoes the disguises people give to words, so that rules can be written for plain Korean.

Two readings of a message come back: the plain one, and (only where it differs) the unmasked one, in which
digits and signs put between syllables ("자2살", "죽*고") are gone and loose letters ("ㅈㅏ살") are composed.
"""

import re
import unicodedata

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FINAL_PAIRS = {"ㅂㅅ": "ㅄ", "ㄱㅅ": "ㄳ", "ㄴㅈ": "ㄵ", "ㄴㅎ": "ㄶ", "ㄹㄱ": "ㄺ", "ㄹㅁ": "ㄻ", "ㄹㅎ": "ㅀ"}

_LOOSE_SYLLABLE = re.compile(f"([{_INITIALS}])([{_VOWELS}])((?:[{_FINALS}](?![{_VOWELS}])){{0,2}})")
_OPEN_SYLLABLE_THEN_FINAL = re.compile(f"([가-힣])([{_FINALS}])(?![{_VOWELS}{_INITIALS}])")
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")  # "싶어어어어" → "싶어어"
_FILLERS = "\u3164\u115f\u1160\uffa0"  # letters that show nothing
_TRAILING_OFF = re.compile(r"\.{2,}|…")  # a pause, not the end of a sentence
_BLANKS = re.compile(r"[^\S\n]+")
_LONE_SYLLABLES = re.compile(r"(?<![가-힣a-z])([가-힣ㄱ-ㅣ])[ \n.,·!?]{1,3}(?=[가-힣ㄱ-ㅣ](?![가-힣a-z]))")
_MASKED = re.compile(r"(?<=[가-힣ㄱ-ㅎ])(?: ?\d ?|[*^_\-~/@#+=|:;'\"`]{1,3}|(?<![가-힣].)[.,·])(?=[가-힣ㄱ-ㅎ])")


def read_plainly(text: str) -> tuple[str, ...]:
    """The one or two readings of `text`; lower case, NFC, single blanks, no invisible characters."""
    plain = _LONE_SYLLABLES.sub(r"\1", _STRETCHED.sub(r"\1\1", _fold(text)))
    unmasked = _LONE_SYLLABLES.sub(r"\1", _MASKED.sub("", _compose_letters(plain)))
    return (plain,) if plain == unmasked else (plain, unmasked)


def _fold(text: str) -> str:
    shown = "".join(_fold_character(character) for character in unicodedata.normalize("NFC", text))
    return _BLANKS.sub(" ", _TRAILING_OFF.sub(" ", shown)).strip().casefold()


def _fold_character(character: str) -> str:
    """Full-width and half-width forms become ordinary ones; loose letters stay loose (NFKC would glue them)."""
    if unicodedata.category(character) in {"Cf", "Mn", "Me"} or character in _FILLERS:
        return ""
    if "ㄱ" <= character <= "ㅣ":
        return character
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) == 1 and "\u1100" <= folded <= "\u11ff":
        return unicodedata.lookup("HANGUL LETTER " + unicodedata.name(folded).split(" ", 2)[2])
    return folded


def _compose_letters(text: str) -> str:
    composed = _LOOSE_SYLLABLE.sub(_compose_syllable, text)
    return _OPEN_SYLLABLE_THEN_FINAL.sub(_close_syllable, composed)


def _compose_syllable(match: re.Match[str]) -> str:
    initial, vowel, tail = match.groups()
    final = _FINAL_PAIRS.get(tail, tail[:1])
    rest = "" if tail in _FINAL_PAIRS else tail[1:]
    syllable = 0xAC00 + (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28
    return chr(syllable + (_FINALS.index(final) + 1 if final else 0)) + rest


def _close_syllable(match: re.Match[str]) -> str:
    """`주ㄱ` → `죽`; a syllable that has a final already stays as it is."""
    base, final = match.groups()
    index = ord(base) - 0xAC00
    if index % 28:
        return base + final
    return chr(ord(base) + _FINALS.index(final) + 1)
