"""Recognises a closing phrase and its near variants in text that is still arriving.

Only letters and digits count, so other signs, blanks and emoji make no difference; a few letters may differ (edit
distance). An answer is given only when no later text could change it: until then the match is open.
"""

import re
from dataclasses import dataclass

_SIGNS = re.compile(r"[^\w\s]*")
_SIGNS_AND_BLANKS = re.compile(r"[\W_]*")
MAX_SIGNS_BETWEEN = 8  # between two letters of one phrase


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    end: int
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    distance: int
    end: int


class PhraseMatcher:
    def __init__(self, phrase: str) -> None:
        parts = [_letters(part) for part in re.split(r"[^\w\s]+", phrase)]
        self._parts = [part for part in parts if part]
        self._whole = "".join(self._parts)
        if not self._whole:
            raise ValueError(f"a closing phrase needs a letter: {phrase!r}")

    def match(self, text: str, start: int, *, is_last: bool) -> PhraseMatch | None:
        """The variant of the phrase that begins at the word start `start`, an open match, or None."""
        whole = self._match_whole(text, start, is_last=is_last)
        if whole is not None and not whole.is_open:
            return whole
        tail = self._match_tail(text, start, is_last=is_last)
        if whole is None or (tail is not None and not tail.is_open):
            return tail
        return whole

    def _match_whole(self, text: str, start: int, *, is_last: bool) -> PhraseMatch | None:
        found = _find_variant(text, start, self._whole, len(self._whole) // 4, is_last=is_last)
        if not isinstance(found, _Found):
            return found
        if not _letters(text[start : found.end]).endswith(self._parts[-1]):
            return None  # the first part alone, inside a sentence
        return _include_signs(text, found.end, is_last=is_last)

    def _match_tail(self, text: str, start: int, *, is_last: bool) -> PhraseMatch | None:
        """Parts of the phrase, in any order, up to the end of the text; the last one may be cut off."""
        position = start
        while position < len(text):
            found = self._find_part(text, position, is_last=is_last)
            if isinstance(found, PhraseMatch):
                return found
            if found is None:
                cut_off = is_last and self._is_cut_off(text[position:])
                return PhraseMatch(len(text)) if cut_off else None
            signs = _SIGNS_AND_BLANKS.match(text, found.end)
            position = signs.end() if signs else found.end
        return PhraseMatch(position, is_open=not is_last)

    def _find_part(self, text: str, start: int, *, is_last: bool) -> _Found | PhraseMatch | None:
        results = [
            _find_variant(text, start, part, len(part) // 3 if len(part) > 5 else 0, is_last=is_last)
            for part in self._parts
        ]
        closest = [result for result in results if isinstance(result, _Found)]
        if closest:
            return min(closest, key=lambda found: found.distance)
        return next((result for result in results if result is not None), None)

    def _is_cut_off(self, rest: str) -> bool:
        letters = _letters(rest)
        return len(letters) * 2 >= max(4, len(self._whole)) and self._whole.startswith(letters)


def _find_variant(text: str, start: int, target: str, tolerance: int, *, is_last: bool) -> _Found | PhraseMatch | None:
    """As `_find_closest`, but None where a later word begins a closer match: the words before it are the sentence's."""
    found = _find_closest(text, start, target, tolerance, is_last=is_last)
    if not isinstance(found, _Found) or not found.distance:
        return found
    for later in _word_starts(text, start + 1, found.end):
        closer = _find_closest(text, later, target, tolerance, is_last=is_last)
        if isinstance(closer, PhraseMatch):
            return closer
        if closer is not None and closer.distance < found.distance:
            return None
    return found


def _find_closest(text: str, start: int, target: str, tolerance: int, *, is_last: bool) -> _Found | PhraseMatch | None:
    """The stretch from `start` to a word's end that differs least from `target`; open while more text could matter."""
    row = list(range(len(target) + 1))  # edit distances of the letters read so far to each beginning of target
    best: _Found | None = None
    signs = 0
    for position in range(start, len(text)):
        letter = text[position]
        if not letter.isalnum():
            signs += 1
            if signs > MAX_SIGNS_BETWEEN:
                return best
            continue
        signs = 0
        row = _next_row(row, letter.casefold(), target)
        if min(row) > tolerance:
            return best
        ends_word = is_last if position + 1 == len(text) else not text[position + 1].isalnum()
        if ends_word and row[-1] <= tolerance and (best is None or row[-1] < best.distance):
            best = _Found(row[-1], position + 1)
    return best if is_last else PhraseMatch(len(text), is_open=True)


def _next_row(row: list[int], letter: str, target: str) -> list[int]:
    following = [row[0] + 1]
    for index, expected in enumerate(target):
        following.append(min(row[index] + (letter != expected), row[index + 1] + 1, following[index] + 1))
    return following


def _include_signs(text: str, end: int, *, is_last: bool) -> PhraseMatch:
    """Signs that stick to the phrase belong to it; at the end of the text so do blanks and emoji after it."""
    to_the_next_word = _SIGNS_AND_BLANKS.match(text, end)
    if to_the_next_word and to_the_next_word.end() == len(text):
        return PhraseMatch(len(text), is_open=not is_last)
    signs = _SIGNS.match(text, end)
    return PhraseMatch(signs.end() if signs else end)


def _word_starts(text: str, start: int, end: int) -> list[int]:
    return [at for at in range(start, end) if text[at].isalnum() and not text[at - 1].isalnum()]


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
