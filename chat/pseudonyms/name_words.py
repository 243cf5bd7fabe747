"""The words and syllables of rules/names.toml and rules/name_words.toml, and what each says for or against a name."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from chat.pseudonyms.lexicon import load_lexicon
from chat.pseudonyms.particles import ends_in_consonant
from chat.pseudonyms.patterns import RULES_FOLDER

TITLE = 4  # weight of a title behind the name
PERSON = 3  # weight of an ending that only people take
_AFTER_TITLE = (
    "입니다|인데|이고|이랑|네|하고|보다|처럼|이라|라|이야|야|보고|만|때문|"
    "이|가|은|는|를|을|도|한테|에게|께|께서|의|랑|예요|이에요|님"
)
_ONLY_AFTER_NOUNS = frozenset({"를", "을", "와", "과", "의", "랑", "이랑", "하고", "처럼", "이에요", "예요"})
_JOSA = frozenset("이가은는을를도의만와과로에나라아야고랑임서")
# A verb or an adjective ends in these ("편안해", "남기고"); only a given name of the list may, without more signs.
_VERBAL_LAST = frozenset("서면고지기해네두려시실게세셔셨신는란로에록더길자라예됨걸래었주리심")
# "이 하늘", "한 여름" without the blank.
_WORD_SURNAMES = frozenset("이한우나전주신구")
# As last syllable of a name they could as well be a particle or an ending.
_LOOSE_LAST = frozenset("이은을도나라가의로인한하고지기자만")
# The copula as the lists do not have it: 이었는데, 라던데, 시거든요.
_IS_OR_WAS = re.compile(
    r"(?:이었|였|이였)[가-힣]{1,5}|"
    r"이?(?:라던데|라니까?|라는데|라던가?|라며|라네요?|잖아요?|시거든요?|신데요?|시라|신가요?)|"
    r"이(?:든|던|니까|군요|구나|시[가-힣]{1,4})|인(?:건|걸|게|거)[가-힣]{0,2}|일(?:까요?|지도?)"
)
# Two particles in one, as the lists do not have them: 이랑도, 한테까지도, 만큼은.
_MORE_PARTICLES = re.compile(
    r"이?(?:한테|한테서|에게|에게서|께|보고|더러|랑|이랑|하고|처럼|같이|보다|만큼|까지|부터|조차|마저|밖에|만|네)"
    r"(?:서|까지|부터|조차|밖에|이랑|랑|한테|처럼|보다)?(?:는|은|도|만|요|이|가|를|을|의|라도|서)?"
)


@dataclass(frozen=True, slots=True)
class NameWords:
    common_surnames: frozenset[str]
    surnames: frozenset[str]
    double_surnames: frozenset[str]
    first: frozenset[str]
    last: frozenset[str]
    given: frozenset[str]
    foreign: frozenset[str]
    ordinary: frozenset[str]
    everyday: frozenset[str]
    rare_nouns: frozenset[str]
    verbs: frozenset[str]
    short: frozenset[str]
    short_words: frozenset[str]
    both: frozenset[str]
    person_endings: frozenset[str]
    plain_endings: frozenset[str]
    title: re.Pattern[str]
    relation: re.Pattern[str]
    titled: re.Pattern[str]

    def is_ordinary(self, word: str) -> bool:
        """A word of everyday Korean, also with a particle stuck to it."""
        return self.is_listed_word(word) or (len(word) > 2 and word[:-1] in self.ordinary and word[-1] in _JOSA)

    def is_listed_word(self, word: str) -> bool:
        return word in self.ordinary or word in self.everyday

    def weigh_look(self, stem: str, *, is_strange: bool = False) -> int | None:
        """How much the stem looks like a name; None: not at all. `is_strange`: no dictionary explains it."""
        if stem in self.foreign:
            return 3
        if len(stem) == 2:
            return self._weigh_given(stem)
        if stem[:2] in self.double_surnames:
            return 3
        if len(stem) != 3 or stem[0] not in self.surnames:
            return None
        given = stem[1:]
        is_given = self._is_given_after(given, stem[0])
        likeness = (given[0] in self.first) + (given[1] in self.last) + is_given
        if not is_given and stem[:2] in self.ordinary:
            likeness -= 1 if is_strange else 2
        if not is_given and not is_strange and given[1] in _VERBAL_LAST:
            return likeness - 1
        is_clear = stem[0] in self.common_surnames or (likeness > 1 and given[1] not in _LOOSE_LAST)
        return likeness + is_clear - (likeness < 1)

    def _is_given_after(self, given: str, surname: str) -> bool:
        return given in self.given or (given in self.both and surname in self.common_surnames - _WORD_SURNAMES)

    def _weigh_given(self, stem: str) -> int | None:
        if stem in self.both:
            return 0
        if stem in self.given:
            return 3
        if stem[0] not in self.first or stem[1] not in self.last:
            return None
        return 1 if stem[1] == "이" and ends_in_consonant(stem[0]) else 2

    def weigh_ending(self, ending: str, stem: str) -> int | None:
        """What follows the stem in its word: 4 for a title, 3 for what only people take, 1 for any particle; None: no
        ending at all.
        """
        match = self.title.match(ending)
        title = match[0] if match else ""
        rest = ending[len(title) :]
        if title and (rest in self.plain_endings or rest in self.person_endings):
            return TITLE
        if ending in self.person_endings:
            needs_consonant = ending[0] in "이아"
            if not needs_consonant or ends_in_consonant(stem):
                return PERSON
            return 1 if self.is_likely(stem) else None  # 현서이가
        if ending in ("랑", "이랑"):
            return 2 if ends_in_consonant(stem) == (ending == "이랑") else None
        if ending in self.plain_endings or _IS_OR_WAS.fullmatch(ending):
            return 1
        if _MORE_PARTICLES.fullmatch(ending):
            return PERSON if "한테" in ending or "에게" in ending else 2
        return None

    def is_verb(self, stem: str, ending: str) -> bool:
        """고르+는 is one; in 고르+한테 the stem is a noun."""
        return stem in self.verbs and ending not in self.person_endings and ending not in _ONLY_AFTER_NOUNS

    def is_listed(self, stem: str) -> bool:
        """Whether its given part is a name that is hardly ever anything else."""
        return stem in self.given or stem[1:] in self.given

    def is_likely(self, stem: str) -> bool:
        """Listed, and not with one of the surnames that begin more words than names."""
        return (
            stem in self.given or stem in self.foreign or (stem[1:] in self.given and stem[0] in self.common_surnames)
        )

    def looks_like_noun_with_particle(self, stem: str, ending: str) -> bool:
        """백신+은, 전설+이: with nothing after it, far likelier than a person of that name."""
        return not ending and len(stem) == 3 and stem[-1] in _JOSA and not self.is_listed(stem)

    def weigh_before(self, before: str) -> int:
        return 2 if self.relation.search(before) else 0

    def is_titled(self, after: str) -> bool:
        return self.titled.match(after) is not None


@cache
def load_name_words() -> NameWords:
    names = tomllib.loads((RULES_FOLDER / "names.toml").read_text(encoding="utf-8"))
    words = tomllib.loads((RULES_FOLDER / "name_words.toml").read_text(encoding="utf-8"))
    everyday = tomllib.loads((RULES_FOLDER / "everyday.toml").read_text(encoding="utf-8"))
    lexicon = load_lexicon()
    titles = tuple(sorted(words["titles"], key=len, reverse=True))
    both = frozenset(words["both"].split())
    foreign = frozenset(names["foreign"].split())
    counted_given = _read_given(names["more_given"])
    relations = "|".join(sorted(words["relations"], key=len, reverse=True))
    return NameWords(
        common_surnames=frozenset(names["common_surnames"]),
        surnames=frozenset(names["common_surnames"] + names["rare_surnames"]),
        double_surnames=frozenset(names["double_surnames"]),
        first=frozenset(names["first"]),
        last=frozenset(names["last"]),
        given=_read_given(names["given"]) | counted_given,
        foreign=foreign,
        ordinary=frozenset([*words["ordinary"].split(), *words["titles"], *words["relations"]]),
        everyday=(frozenset(everyday["nouns"].split()) | (lexicon.nouns - lexicon.rare_nouns))
        - both
        - foreign
        - counted_given,
        rare_nouns=lexicon.rare_nouns,
        verbs=frozenset(everyday["verbs"].split()),
        short=frozenset(names["short"] + names["short_words"]),
        short_words=frozenset(names["short_words"]),
        both=both,
        person_endings=frozenset(words["person_endings"]),
        plain_endings=frozenset(words["plain_endings"]),
        title=re.compile("|".join(titles)),
        relation=re.compile(rf"(?<![가-힣])(?:{relations})(?:인|님)? (?:이름이 |이름은 )?$"),
        titled=re.compile(rf" (?:때문|땜|(?:{'|'.join(titles)})(?:{_AFTER_TITLE}|[ .,!?]|$))"),
    )


def _read_given(table: str) -> frozenset[str]:
    """A first syllable a line, then every second one that it makes a name with."""
    return frozenset(line[0] + last for line in table.split("\n") if line for last in line[2:])
