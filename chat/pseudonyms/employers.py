"""Firms whose names tell nothing: a word that no dictionary explains, right before a word of work ("참빛 다녀요")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chat.pseudonyms.lexicon import Reading, load_lexicon
from chat.pseudonyms.name_words import load_name_words
from chat.pseudonyms.spans import Span

_WORK = (
    r"(?:다니[는던고다며면]|다녀(?:요|서|야|여|$|[ .,!?])|다닌|다닐|다님|다닙|다녔|입사|퇴사|근무|출근|퇴근|복직|"
    r"이직|취직|취업|면접|재직|인턴|알바|아르바이트|직원|사원|신입|일하|일해|일한 |일했|일합)"
)
_BEFORE_WORK = re.compile(
    rf"(?<![가-힣A-Za-z\d@._-])([가-힣A-Za-z\d&]{{2,14}}?)(?:에서는?|에|을|를|의|이?라고)? "
    rf"(?:[가-힣]{{1,5}} )?(?={_WORK})"
)
# Unknown words that end so are adverbs, forms of verbs or times rather than firms.
_NO_FIRM = re.compile(
    r"(?:고|서|면|데|지|게|니|까|도|는|은|을|를|히|며|다|요|만|해|때|중|째|후|전|차|번|쯤|씩|적|년|월|일|시|분|달|주|"
    r"랑|하고|에|께|네|님|씨|한테|부터|까지|마다|처럼|보다|밖에|조차|동안|라|로|며칠|내내|나|명|개월|살|"
    r"섯|일곱|여덟|아홉|열|스물|서른|마흔|쉰|학교|대학|유치원|교회|성당|병원|학원|회사|직장|직업|병동|학과|학부|과정)$"
)
_SHORTEST = 3


def find_unknown_firms(plain: str) -> Iterator[Span]:
    for match in _BEFORE_WORK.finditer(plain):
        if _is_strange(match[1], plain[match.start() : match.end()].split(" ")[0]):
            yield Span("employer", match.start(1), match.end(1))


def _is_strange(word: str, with_particle: str) -> bool:
    if len(word) < _SHORTEST or word.isascii() or _NO_FIRM.search(word):
        return False
    words = load_name_words()
    lexicon = load_lexicon()
    if words.weigh_look(word) is not None or words.is_ordinary(word):
        return False
    return all(lexicon.explains(form) is Reading.NONE for form in (word, with_particle))
