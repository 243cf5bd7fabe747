"""Everything that is to be masked in one text: libraries and own rules together, less what is protected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from chat.pseudonyms.employers import find_unknown_firms
from chat.pseudonyms.libraries import find_by_libraries
from chat.pseudonyms.name_words import load_name_words
from chat.pseudonyms.names import find_names
from chat.pseudonyms.patterns import find_by_rules, load_fragment
from chat.pseudonyms.protect import find_placeholders, find_protected
from chat.pseudonyms.reading import read_plain
from chat.pseudonyms.spans import Span, drop_touching, join_overlapping

_HOUSE = re.compile(r"(?:[로길동리가읍면] ?|번지 ?)\d|\d ?(?:동|호|번지|길)")
_VERB_END = load_fragment("verb_end", "places.toml")
_SHORT_SCHOOL = re.compile(rf"(?<![가-힣])[가-힣]{{2,7}}(?:[초중대]|(?<!{_VERB_END})고) $")
_LONGEST_SHORT_SCHOOL = 10
_YEAR_OF_BIRTH_CHARACTERS = 6  # "98년생", "2004년생": an age, not a date of birth


def detect(text: str, known_names: Collection[str] = ()) -> list[Span]:
    """Disjoint spans of `text`, in order."""
    reading = read_plain(text)
    plain = reading.text
    ruled = list(find_by_rules(plain))
    foreign = list(find_by_libraries(plain))
    sure = [span for span, is_sure in ruled if is_sure]
    fences = [*find_placeholders(plain), *_keep_outside(find_protected(plain), sure)]
    spans = [
        *(span for span, _ in ruled),
        *find_unknown_firms(plain),
        *(span for span in foreign if span.kind != "name" and _is_telling(span, plain)),
    ]
    things = join_overlapping(drop_touching(spans, fences))
    names = list(join_overlapping(drop_touching(find_names(plain, known_names), [*fences, *things])))
    others = (span for span in foreign if span.kind == "name" and _is_name(span, plain))
    more = join_overlapping(drop_touching(others, [*fences, *things, *names]))
    schools = drop_touching(find_schools_before([*names, *more], plain), [*fences, *things])
    found = (reading.restore(span) for span in [*things, *names, *more, *schools])
    return sorted(found, key=lambda span: span.start)


def find_schools_before(names: Iterable[Span], plain: str) -> Iterator[Span]:
    """Right before a person's name, "윗말중" is a school; elsewhere the short form needs a word about schools."""
    for name in names:
        before = max(0, name.start - _LONGEST_SHORT_SCHOOL)
        match = _SHORT_SCHOOL.search(plain[before : name.start])
        if match and not load_name_words().is_listed_word(match[0].strip()):
            yield Span("school", before + match.start(), before + match.end() - 1)


def _keep_outside(protected: Iterable[Span], sure: Iterable[Span]) -> list[Span]:
    """What is protected, unless it is only a part of a longer number."""
    wider = list(sure)
    return [
        fence
        for fence in protected
        if not any(
            span.start <= fence.start < span.end and span.end - span.start > fence.end - fence.start for span in wider
        )
    ]


def _is_telling(span: Span, plain: str) -> bool:
    """Some findings of the libraries say too little about a person, or take "뭐라고" for a high school."""
    found = plain[span.start : span.end]
    if span.kind == "birth":
        return len(found) > _YEAR_OF_BIRTH_CHARACTERS or "월" in found
    if span.kind == "address":
        return _HOUSE.search(found) is not None
    return span.kind != "school" or (len(found) > 2 and not found.endswith("고"))


def _is_name(span: Span, plain: str) -> bool:
    """The libraries know forms and offices; in chat they take many a word for a name."""
    words = load_name_words()
    word = plain[span.start : span.end].removesuffix("이")
    starts_inside = span.start > 0 and plain[span.start - 1].isalnum()
    if starts_inside or words.is_ordinary(word) or word in words.both or words.is_verb(word, ""):
        return False
    if words.looks_like_noun_with_particle(word, ""):
        return False
    return (words.weigh_look(word) or 0) > (2 if len(word) == 2 else 1)
