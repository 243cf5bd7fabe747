"""Notices that a language model has begun to go in circles, so that the worker can end the reply there.

A loop = the same sentence, or the same six words in a row, for the third time. Text passes through unchanged up to
the character that closes the third copy; after it nothing passes.
"""

from collections import Counter

TIMES_UNTIL_LOOP = 3
CHUNK_WORDS = 6
MIN_SENTENCE_LETTERS = 6  # "네!" or "하하." three times is a mood, not a loop
_SENTENCE_ENDS = frozenset(".!?…\n")


class RepetitionStop:
    def __init__(self) -> None:
        self.is_looping = False
        self._sentence: list[str] = []
        self._sentences: Counter[str] = Counter()
        self._word: list[str] = []
        self._words: list[str] = []
        self._chunks: dict[tuple[str, ...], tuple[int, int]] = {}  # chunk → times seen, where the last one ended

    def feed(self, delta: str) -> str:
        if self.is_looping:
            return ""
        for index, character in enumerate(delta):
            if self._closes_a_loop(character):
                self.is_looping = True
                return delta[: index + 1]
        return delta

    def flush(self) -> str:
        return ""

    def _closes_a_loop(self, character: str) -> bool:
        if character.isalnum():
            self._sentence.append(character)
            self._word.append(character)
            return False
        sentence_repeats = character in _SENTENCE_ENDS and self._end_sentence()
        word_repeats = character.isspace() and bool(self._word) and self._end_word()
        return sentence_repeats or word_repeats

    def _end_sentence(self) -> bool:
        sentence = "".join(self._sentence)
        self._sentence.clear()
        if len(sentence) < MIN_SENTENCE_LETTERS:
            return False
        self._sentences[sentence] += 1
        return self._sentences[sentence] >= TIMES_UNTIL_LOOP

    def _end_word(self) -> bool:
        self._words.append("".join(self._word))
        self._word.clear()
        end = len(self._words)
        if end < CHUNK_WORDS:
            return False
        chunk = tuple(self._words[-CHUNK_WORDS:])
        times, last_end = self._chunks.get(chunk, (0, 0))
        if times and end - CHUNK_WORDS < last_end:  # overlaps its own last copy
            return False
        self._chunks[chunk] = (times + 1, end)
        return times + 1 >= TIMES_UNTIL_LOOP
