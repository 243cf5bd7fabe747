"""A word cut into what may be a name and what follows it, and the weight of all that speaks for and against a name."""

from __future__ import annotations

from dataclasses import dataclass

from chat.pseudonyms import name_signs as signs
from chat.pseudonyms.lexicon import Reading
from chat.pseudonyms.name_words import PERSON, TITLE, NameWords
from chat.pseudonyms.particles import ends_in_consonant


@dataclass(frozen=True, slots=True)
class Place:
    """A word with what stands before and after it."""

    word: str
    reading: Reading  # how it reads as a whole, without a name in it
    before: str
    after: str
    is_joined: bool = False  # to a name before it: 민지랑 …, 민지, …


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to cut a word, with what the words say about its parts."""

    stem: str
    ending: str
    place: Place
    sense: int  # what the ending says: weigh_ending
    look: int

    @property
    def tail(self) -> str:
        return self.ending + self.place.after

    @property
    def is_called(self) -> bool:
        return signs.CALLED.match(self.tail) is not None

    @property
    def is_row(self) -> bool:
        opens = signs.OPENING.search(self.place.before) is not None
        return opens and not self.ending and signs.ROW.match(self.place.after) is not None

    def is_doubled(self, words: NameWords) -> bool:
        """가을이가: only people take two particles."""
        return self.stem in words.both and self.ending in signs.DOUBLED and ends_in_consonant(self.stem)

    def is_mister(self, words: NameWords, *, can_be_name: bool = True) -> bool:
        follows = can_be_name and not self.ending and self.stem not in words.ordinary
        return follows and signs.MISTER.match(self.place.after) is not None

    def is_everyday_word(self, words: NameWords, *, can_be_name: bool) -> bool:
        """One that is ruled out however it is used, unless the sentence names somebody so."""
        if self.is_called or self.is_doubled(words) or self.is_mister(words, can_be_name=can_be_name):
            return False
        if self.sense == TITLE and (self.stem in words.both or self.stem in words.given):
            return False
        is_verb = self.place.reading is Reading.VERB and words.is_verb(self.stem, self.ending)
        if is_verb and not (self.ending == "가" and signs.ABOUT_PEOPLE.search(self.tail)):
            return True
        return words.is_ordinary(self.stem) or words.is_ordinary(self.place.word)

    def reads_otherwise(self, words: NameWords) -> bool:
        """The dictionary explains the word, and nothing says that it is a person all the same."""
        if not self._is_explained(words) or self.is_called or self.is_row:
            return False
        if self.is_doubled(words) or self.is_mister(words):
            return False
        if self.stem in words.rare_nouns and (signs.ABOUT_PEOPLE.search(self.tail) or signs.TOGETHER.match(self.tail)):
            return False
        is_titled = self.stem[1:] in words.given and words.is_titled(self.place.after)
        return not is_titled and (self.sense < PERSON or self.place.reading is Reading.VERB)

    def _is_explained(self, words: NameWords) -> bool:
        if not self.is_guess(words):
            return self.place.reading is Reading.VERB and len(self.stem) > 2
        if self.place.reading is Reading.LOOSE:
            return not self.ending or self.stem[-1] == "이"
        return self.place.reading >= Reading.NOUN

    def is_guess(self, words: NameWords) -> bool:
        return self.stem not in words.both and not words.is_likely(self.stem)

    def weigh_itself(self, words: NameWords) -> int:
        look, sense, before = self.look, self.sense, words.weigh_before(self.place.before)
        is_listed = len(self.stem) > 2 or self.stem in words.given
        if not before and words.looks_like_noun_with_particle(self.stem, self.ending):
            look -= 2
        if not is_listed and self.ending in ("아", "야") and self.place.before:
            sense = 1  # a call opens a text; further in, 야 is mostly "is"
        weight = look + sense + (before if is_listed or sense > 1 else 0) + self.is_doubled(words)
        if self.place.reading is Reading.NONE and look > 1:
            weight += 1
        if self.place.reading is Reading.FORCED and len(self.stem) > 2 and self.is_guess(words):
            weight -= 1
        if self.place.reading is Reading.VERB and self.ending in signs.AFTER_VERBS_TOO:
            weight -= 2
        return weight

    def weigh_neighbours(self, words: NameWords) -> int:
        weight = self._weigh_before(words) + self._weigh_after(words)
        if self.stem in words.both:
            is_related = self.stem in words.given and words.weigh_before(self.place.before) > 0
            weight += is_related + (self.ending in signs.GIVEN_TO) + 3 * bool(signs.TO_ME.match(self.tail))
        return weight + 3 * self.is_called + 3 * (self.is_row and self.look > 0)

    def _weigh_before(self, words: NameWords) -> int:
        before, is_long, weight = self.place.before, len(self.stem) > 2, 0
        if self.place.is_joined and self.look > 1:
            weight += 2
        if is_long and signs.OPENING.search(before) and signs.INTRODUCES_ITSELF.match(self.tail):
            weight += 2
        if self.look > 1 and signs.OURS.search(before):
            weight += 2
        is_introduced = signs.INTRODUCED.match(self.tail) is not None
        if signs.SELF.search(before) and (is_introduced or not self.ending):
            weight += 3
        elif is_long and is_introduced and signs.ME.search(before):
            weight += 2
        return weight

    def _weigh_after(self, words: NameWords) -> int:
        after, is_long, weight = self.place.after, len(self.stem) > 2, 0
        can_be_person = is_long or self.look > 1 or self.stem in words.both
        if self.ending in ("", "이"):
            is_both = self.stem in words.both and words.is_titled(after)
            weight -= not is_long and not self.ending and not is_both and after[:1].isspace()
            weight += 3 * (can_be_person and words.is_titled(after))
            weight += 2 * (not is_long and self.look > 1 and signs.THOUGHT_OF.match(after) is not None)
        if self.look < 2 and signs.TOGETHER.match(self.tail):
            weight += 2
        stands_alone = signs.STANDS_ALONE_BEFORE.search(self.place.before) and signs.STANDS_ALONE_AFTER.match(self.tail)
        if is_long and stands_alone:
            weight += 2
        elif self.look > 1:
            is_subject = not is_long and self.ending in signs.AFTER_VOWEL
            weight += bool(signs.ABOUT_PEOPLE.search(self.tail) or is_subject)
        return weight
