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
_INTRODUCES_ITSELF = re.compile(r"(?:(?:이?라고 ?)(?:합니다|해요|하는데|하고|불러|해여)|(?:이에요|예요|입니다)[.,! ])")
_OPENING = re.compile(r"(?:^|[.!?\n~] ?|[ ,]사는 |안녕하세요[.,!~ ]{1,3}|\d[가-힣]{0,2},? )$")
_STANDS_ALONE_BEFORE = re.compile(r"(?:\]|[\d호][.,/]?) $")
_STANDS_ALONE_AFTER = re.compile(r"[.,/\n]|$")
_AFTER_VOWEL = frozenset({"가", "는", "를", "와", "도", "네"})
_GIVEN_TO = frozenset({"한테", "한테서", "한테는", "한테도", "에게", "에게는"})
_THOUGHT_OF = re.compile(r" (?:생각|얘기|소식|목소리|걔|보고 ?싶)")
_MISTER = re.compile(r" 씨(?![가-힣]{3})")
_OURS = re.compile(r"(?:^|[ ,.])우리 $")
_DOUBLED = frozenset({"이가", "이는", "이를", "이도", "이한테", "이에게", "이네"})
# What somebody does to somebody: after a word that only looks a little like a name, it settles the matter.
_ABOUT_PEOPLE = re.compile(
    r"^(?:가|는|이가|이는|를|이를|도|이도) (?:[가-힣]{1,6} )?(?:"
    r"저한테|나한테|저를|나를|제게|저보고|나보고|저더러|먼저 (?:말|연락|사과)|자기가|애가|아무|어디|왜|또|진짜|맨날|"
    r"내 |제 |우리 |나랑|저랑|저만|나만|나보다|저보다|언니|오빠|학교|친구|애인|군대|주동자|전화|연락|카톡|"
    r"때려|때렸|욕|왕따|괴롭|사귀|헤어|고백|말해|말했|말하|그랬|그러|싫대|좋대|했대|했다|차단|답장|결혼|이혼|바람|전학|"
    r"보고 ?싶|미안|사과|죽었|죽은|울었|웃었|화내|화났|착해|착하|예쁘|나쁘|잘못|잘 ?지내|"
    r"만나|만났|좋아|사랑|싫어|미워|용서|떠나|떠났)"
)
_JOINED = frozenset({"랑 ", "이랑 ", "하고 ", "와 ", "과 ", ", ", ",", "·", "/", " ", "이 ", "랑", "이, ", " & "})
_SHORT_NAME = re.compile(r"(?<![가-힣A-Za-z\d])([가-힣])이(?=(가|는|를|도|만|한테|에게|네|하고|랑|의)?([ ,.!?~]|$))")
_NOT_SHORT = re.compile(r"(?:^|[ ,.])(?:이|그|저|내|제|한|두|세|몇|무슨|어느|새|첫|[가-힣]{1,6}[는은운른한던을ㄹ]) $")
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
    r"^(?:이)?(?:라고 ?(?:합니다|해요|하는|불|있|아|적)|예요|에요|입니다|인데|고요|고|야|이요|요|이라고|라고|이고|임|"
    r"이?라서|이?거든|이?구요|이?지만|이었|였)"
)
_FOREIGN = re.compile(r"[가-힣]{2,7}?(?=이라는|라는|이에요|예요|입니다|이라고|라고)")
_FORM_FIELD = re.compile(r"(?:이름|성함|성명) ?: ?$")


@dataclass(frozen=True, slots=True)
class _Place:
    """A word with what stands before and after it."""

    word: str
    before: str
    after: str
    is_joined: bool = False  # to a name before it: 민지랑 …, 민지, …


def find_names(plain: str, known: Collection[str] = ()) -> Iterator[Span]:
    """`known`: full and given names that this conversation has already shown to be names."""
    words = load_name_words()
    last_end = -1
    for match in _WORD.finditer(plain):
        start, end = match.span()
        is_joined = 0 <= last_end < start and plain[last_end:start] in _JOINED
        place = _Place(match[0], plain[max(0, start - _LOOKBEHIND) : start], plain[end : end + _LOOKAHEAD], is_joined)
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
    if length == 2 and place.word[2:3] in ("라", "임", "나") and place.word[0] in words.common_surnames:
        length = 3 if _STANDS_ALONE_AFTER.match(place.word[3:] + place.after) else length
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
    is_verb = words.is_verb(stem, ending) and not (ending == "가" and _ABOUT_PEOPLE.search(tail))
    is_word = words.is_ordinary(stem) or words.is_ordinary(place.word) or is_verb
    is_doubled = stem in words.both and ending in _DOUBLED and ends_in_consonant(stem)  # 가을이가: only people take two
    is_mister = (
        not ending and look is not None and stem not in words.ordinary and _MISTER.match(place.after) is not None
    )
    if sense is None or (is_word and not (is_called or is_doubled or is_mister)) or _WORK_OF_FICTION.match(tail):
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
    if place.is_joined and look > 1:
        weight += 2
    if len(stem) > 2 and _OPENING.search(place.before) and _INTRODUCES_ITSELF.match(tail):
        weight += 2
    weight += is_doubled
    weight += stem in words.both and ending in _GIVEN_TO
    weight += 2 if look > 1 and len(stem) == 2 and ending in ("", "이") and _THOUGHT_OF.match(place.after) else 0
    weight += 2 if look > 1 and _OURS.search(place.before) else 0
    if ending in ("", "이"):
        weight -= 1 if len(stem) == 2 and not ending and place.after[:1].isspace() else 0
        weight += 3 if (len(stem) > 2 or look > 1 or stem in words.both) and words.is_titled(place.after) else 0
    if _STANDS_ALONE_BEFORE.search(place.before) and _STANDS_ALONE_AFTER.match(tail) and len(stem) > 2:
        weight += 2
    elif look > 1 and (_ABOUT_PEOPLE.search(tail) or (len(stem) == 2 and ending in _AFTER_VOWEL)):
        weight += 1
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
