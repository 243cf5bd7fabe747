"""Names of people in running Korean. Each word is split into stem and ending; what the stem looks like, what it ends in
and what stands around it are weighed together, because no single sign is enough ("지훈이가" against "고양이가").

Not told apart: names that are also words without a word beside them that says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from chat.pseudonyms.name_words import NameWords, load_name_words
from chat.pseudonyms.particles import ends_in_consonant
from chat.pseudonyms.spans import Span

THRESHOLD = 4
_WORD = re.compile(r"(?<![\dA-Za-z가-힣])[가-힣]{2,14}")
_LOOKBEHIND = 16
_LOOKAHEAD = 12
_SPACED = re.compile(
    r"(?<![가-힣])([김이박최정강조윤장임한오서신권황안송전홍고문양손배백허유남심노하]) ([가-힣]) ([가-힣])"
    r"(?= ?(?:씨|님|이라|라고|라는|이 사람|예요|이에요|한테|때문))"
)
_ROMANISED = re.compile(
    r"(?<![A-Za-z])(?:Kim|Lee|Yi|Park|Pak|Choi|Jung|Jeong|Chung|Kang|Cho|Jo|Yoon|Yun|Jang|Lim|Im|Han|Oh|Seo|Shin|Kwon|"
    r"Hwang|Ahn|Song|Yoo|Hong)[ -][A-Z][a-z]{1,8}(?:[ -]?[A-Za-z][a-z]{1,8})?(?![A-Za-z])"
)
_SELF = re.compile(r"(?:이름|성함|성명|본명|실명)(?: ?(?:은|이|는|요|도))?[?:]? ?$")
_ME = re.compile(r"(?:^|[^가-힣])(?:저는|전|나는|난|저|나|내가|제가) $")
_CALLED = re.compile(
    r"^(?:이)?(?:라는|라고 하는|라고 하던|란) ?(?:이름|친구|애|사람|분|아이|형|언니|오빠|누나|"
    r"선배|후배|남자|여자|쌤|선생|원어민|같은|놈|새끼|이$|직원|상사|동생|학생)"
)
_WORK_OF_FICTION = re.compile(
    r"^(?:이)?(?:라는|란) ?(?:드라마|영화|소설|노래|책|게임|웹툰|만화|캐릭터|가수|배우|말|건|게|것|생각|단어)"
)
_INTRODUCED = re.compile(
    r"^(?:이)?(?:라고 ?(?:합니다|해요|하는|불|있|아|적)|예요|에요|입니다|인데|고요|고|야|이요|요|이라고|라고|이고|임)"
)
_FOREIGN = re.compile(r"[가-힣]{2,7}?(?=이라는|라는|이에요|예요|입니다|이라고|라고)")
_FORM_FIELD = re.compile(r"(?:이름|성함|성명) ?: ?$")


@dataclass(frozen=True, slots=True)
class _Place:
    """A word with what stands before and after it."""

    word: str
    before: str
    after: str


def find_names(plain: str, known: Collection[str] = ()) -> Iterator[Span]:
    """`known`: full and given names that this conversation has already shown to be names."""
    words = load_name_words()
    for match in _WORD.finditer(plain):
        start, end = match.span()
        place = _Place(match[0], plain[max(0, start - _LOOKBEHIND) : start], plain[end : end + _LOOKAHEAD])
        length = _find_name_length(place, words, known)
        if length:
            yield Span("name", start, start + length)
    for pattern in (_SPACED, _ROMANISED):
        for match in pattern.finditer(plain):
            if pattern is _ROMANISED or _is_name_like(match[2] + match[3], words):
                yield Span("name", match.start(), match.end())


def _find_name_length(place: _Place, words: NameWords, known: Collection[str]) -> int:
    """How many characters of the word are the name; 0 if none are. A diminutive 이 before a particle goes with it."""
    best, length = THRESHOLD - 1, 0
    for size in (4, 3, 2):
        stem = place.word[:size]
        if len(stem) < size:
            continue
        weight = _weigh(stem, place, words, known)
        if weight > best:
            best, length = weight, size
    if length:
        return length + _count_diminutive(place.word[:length], place.word[length:])
    return _find_foreign_length(place, words)


def _weigh(stem: str, place: _Place, words: NameWords, known: Collection[str]) -> int:
    """Signs added up: how the stem looks, how its word ends, what stands around it. THRESHOLD makes it a name."""
    ending = place.word[len(stem) :]
    sense = words.weigh_ending(ending, stem)
    tail = ending + place.after
    look = words.weigh_look(stem)
    is_called = _CALLED.match(tail) is not None
    is_word = words.is_ordinary(stem) or words.is_ordinary(place.word)
    if sense is None or (is_word and not is_called) or _WORK_OF_FICTION.match(tail):
        return 0
    if stem in known and stem not in words.both:
        return THRESHOLD + len(stem)
    if look is None:
        return 0
    is_listed = len(stem) > 2 or stem in words.given
    if words.looks_like_noun_with_particle(stem, ending) and not words.weigh_before(place.before):
        look -= 2
    if not is_listed and ending in ("아", "야") and place.before:
        sense = 1  # a call opens a text; further in, 야 is mostly "is"
    weight = look + sense + (words.weigh_before(place.before) if is_listed or sense > 1 else 0)
    if not ending:
        weight -= 1 if len(stem) == 2 and place.after[:1].isspace() else 0
        weight += 3 if is_listed and words.is_titled(place.after) else 0
    if _SELF.search(place.before) and (_INTRODUCED.match(tail) or not ending):
        weight += 3
    elif _ME.search(place.before) and _INTRODUCED.match(tail):
        weight += 2 if len(stem) > 2 else 0
    return weight + (3 if is_called else 0)


def _count_diminutive(stem: str, ending: str) -> int:
    is_diminutive = len(ending) > 1 and ending[0] == "이" and ends_in_consonant(stem)
    return 1 if is_diminutive and ending[1] in "가는를도만한에의네랑보하처땜때" else 0


def _find_foreign_length(place: _Place, words: NameWords) -> int:
    """Any word at all, where the sentence says outright that it is somebody's name."""
    if _FORM_FIELD.search(place.before):
        return 0 if words.is_ordinary(place.word) else len(place.word)
    match = _FOREIGN.match(place.word)
    if match is None or words.is_ordinary(match[0]):
        return 0
    tail = place.word[match.end() :] + place.after
    is_named = bool(_SELF.search(place.before)) or (len(match[0]) > 2 and bool(_CALLED.match(tail)))
    return match.end() if is_named and not _WORK_OF_FICTION.match(tail) else 0


def _is_name_like(given: str, words: NameWords) -> bool:
    return given[0] in words.first and given[1] in words.last
