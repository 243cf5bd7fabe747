"""Names of people in running Korean. Each word is split into stem and ending; what the stem looks like, what it ends in
and what stands around it are weighed together, because no single sign is enough ("지훈이가" against "고양이가").

Not told apart: names that are also words without a word beside them that says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from chat.pseudonyms import name_signs as signs
from chat.pseudonyms.candidates import Candidate, Place
from chat.pseudonyms.lexicon import Reading, load_lexicon
from chat.pseudonyms.name_words import NameWords, load_name_words
from chat.pseudonyms.particles import ends_in_consonant
from chat.pseudonyms.spans import Span

THRESHOLD = 4
_NO_NAME = frozenset({"뭐", "무엇", "누구", "이런", "그런", "어떤", "내", "제", "다른", "같은", "자기"})
_WORD = re.compile(r"(?<![\dA-Za-z가-힣])[가-힣]{2,14}")
_LOOKBEHIND = 16
_LOOKAHEAD = 12
_SPACED = re.compile(
    r"(?<![가-힣])([김이박최정강조윤장임오서신권황안송전홍고문양손배백허유남심노하]) ([가-힣]) ([가-힣])"
    r"(?= ?(?:씨|님|이라|라고|라는|이 사람|예요|이에요|한테|때문)|(?: 이렇게)?(?: ?[,.!?)]| 이렇게|$))"
)
_ROMANISED = re.compile(
    r"(?<![A-Za-z])(?:Kim|Lee|Yi|Park|Pak|Choi|Jung|Jeong|Chung|Kang|Cho|Jo|Yoon|Yun|Jang|Lim|Im|Han|Oh|Seo|Shin|Kwon|"
    r"Hwang|Ahn|Song|Yoo|Hong)[ -][A-Z][a-z]{1,8}(?:[ -]?[A-Za-z][a-z]{1,8})?(?![A-Za-z])"
)
_ANY_WORD = r"(?:[가-힣]{2,7}?|[A-Z][a-z]{1,12})"
# The sentence says outright that this is somebody's name, whatever the word is.
_TOLD = (
    re.compile(rf"(?<![가-힣A-Za-z])({_ANY_WORD})(?:이?라는|이?란) (?:[가-힣]{{1,6}} ){{0,2}}이름"),
    re.compile(rf"(?<![가-힣A-Za-z])({_ANY_WORD})이?라고 ?(?:하는 )?(?:세례명|법명|개명|이름|본명)(?:으로|을|이|했)"),
    re.compile(r"(?:이름|성함|세례명|법명)[^A-Za-z가-힣\n]{0,4}(?:은|이|는)? ?([A-Z][a-z]{1,12})(?![A-Za-z])"),
    re.compile(
        r"(?<![A-Za-z@._/-])([A-Z][a-z]{2,12})"
        r"(?= ?(?:이?라고 ?(?:해|불|부|합)|이?라는 |씨|쌤|언니|오빠|형|누나|한테|이랑|랑 ))"
    ),
)
# Written without blanks: 나정유담인데폰…, 이름은김하늘이고….
_GLUED = re.compile(
    r"(?<![가-힣])(?:나는?|저는?|전|제이름은|이름은|본명은)([가-힣]{3})(?:이에요|예요|인데|입니다|이라고|라고|이야|야|임|이고|이구)"
)
_JOINED = frozenset({"랑 ", "이랑 ", "하고 ", "와 ", "과 ", ", ", ",", "·", "/", " ", "이 ", "랑", "이, ", " & "})
_SHORT_NAME = re.compile(r"(?<![가-힣A-Za-z\d])([가-힣])이(?=(가|는|를|도|만|한테|에게|네|하고|랑|의)?([ ,.!?~]|$))")
_NOT_SHORT = re.compile(r"(?:^|[ ,.])(?:이|그|저|내|제|한|두|세|몇|무슨|어느|새|첫|[가-힣]{1,6}[는은운른한던을ㄹ]) $")
_FOREIGN = re.compile(
    r"[가-힣]{2,7}?(?=이라는|라는|이에요|예요|입니다|이라고|라고|이었|였|인데|이?거든|이신데|이고|이래)"
)
_VIETNAMESE = re.compile(r"응우옌|(?:쩐|레|팜|부이|도|응오)티")
_FORM_FIELD = re.compile(r"(?:이름|성함|성명) ?: ?$")


def find_names(plain: str, known: Collection[str] = ()) -> Iterator[Span]:
    """`known`: full and given names that this conversation has already shown to be names."""
    words, lexicon = load_name_words(), load_lexicon()
    last_end = -1
    for match in _WORD.finditer(plain):
        start, end = match.span()
        is_joined = 0 <= last_end < start and plain[last_end:start] in _JOINED
        before, after = plain[max(0, start - _LOOKBEHIND) : start], plain[end : end + _LOOKAHEAD]
        place = Place(match[0], lexicon.explains(match[0]), before, after, is_joined)
        length = _find_name_length(place, words, known)
        if length:
            last_end = start + length
            yield Span("name", start, last_end)
    yield from _find_told(plain, words)
    yield from _find_short(plain, words)
    for pattern in (_SPACED, _ROMANISED):
        for match in pattern.finditer(plain):
            if pattern is _ROMANISED or _is_name_like(match[2] + match[3], words):
                yield Span("name", match.start(), match.end())


def _find_told(plain: str, words: NameWords) -> Iterator[Span]:
    for pattern in _TOLD:
        for match in pattern.finditer(plain):
            if match[1] not in _NO_NAME:
                yield Span("name", match.start(1), match.end(1))
    for match in _GLUED.finditer(plain):
        if (words.weigh_look(match[1]) or 0) > 1 and not words.is_ordinary(match[1]):
            yield Span("name", match.start(1), match.end(1))


def _find_short(plain: str, words: NameWords) -> Iterator[Span]:
    """혁이, 준이는: a syllable that hardly is a word by itself, or any with a second particle behind 이."""
    for match in _SHORT_NAME.finditer(plain):
        syllable, particle = match[1], match[2] or ""
        if syllable not in words.short or not ends_in_consonant(syllable):
            continue
        is_word = syllable in words.short_words
        before = plain[max(0, match.start() - _LOOKBEHIND) : match.start()]
        if not is_word or (particle not in ("", "랑", "의", "만", "하고") and not _NOT_SHORT.search(before)):
            yield Span("name", match.start(), match.end(1) + (1 if particle else 0))


def _find_name_length(place: Place, words: NameWords, known: Collection[str]) -> int:
    """How many characters of the word are the name; 0 if none are. A diminutive 이 before a particle goes with it."""
    best, length = THRESHOLD - 1, 0
    for size in (4, 3, 2):
        stem = place.word[:size]
        if len(stem) < size:
            continue
        weight = _weigh(stem, place, words, known)
        if weight > best:
            best, length = weight, size
    if length == 2 and place.word[2:3] in ("라", "임", "나") and place.word[0] in words.common_surnames:
        length = 3 if signs.STANDS_ALONE_AFTER.match(place.word[3:] + place.after) else length
    if length:
        return length + _count_diminutive(place.word[:length], place.word[length:])
    return _find_foreign_length(place, words)


def _weigh(stem: str, place: Place, words: NameWords, known: Collection[str]) -> int:
    """Signs added up: how the stem looks, how its word ends, what stands around it. THRESHOLD makes it a name."""
    ending = place.word[len(stem) :]
    sense = words.weigh_ending(ending, stem)
    if sense is None or signs.WORK_OF_FICTION.match(ending + place.after):
        return 0
    look = words.weigh_look(stem, is_strange=place.reading is Reading.NONE)
    candidate = Candidate(stem, ending, place, sense, look or 0)
    if candidate.is_everyday_word(words, can_be_name=look is not None):
        return 0
    if stem in known and stem not in words.both:
        return THRESHOLD + len(stem)
    if look is None or candidate.reads_otherwise(words):
        return 0
    return candidate.weigh_itself(words) + candidate.weigh_neighbours(words)


def _count_diminutive(stem: str, ending: str) -> int:
    is_diminutive = len(ending) > 1 and ending[0] == "이" and ends_in_consonant(stem)
    return 1 if is_diminutive and ending[1] in "가는를도만한에의네랑보하처땜때" else 0


def _find_foreign_length(place: Place, words: NameWords) -> int:
    """Any word at all, where the sentence says outright that it is somebody's name."""
    if _FORM_FIELD.search(place.before):
        return 0 if words.is_ordinary(place.word) else len(place.word)
    match = _FOREIGN.match(place.word)
    if match is None or words.is_ordinary(match[0]) or match[0] in _NO_NAME:
        return 0
    tail = place.word[match.end() :] + place.after
    is_named = signs.SELF.search(place.before) or _VIETNAMESE.match(match[0])
    is_called = len(match[0]) > 2 and signs.CALLED.match(tail)
    return match.end() if (is_named or is_called) and not signs.WORK_OF_FICTION.match(tail) else 0


def _is_name_like(given: str, words: NameWords) -> bool:
    return given[0] in words.first and given[1] in words.last
