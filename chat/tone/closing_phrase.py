"""Ends every reply with a character's closing phrase: exactly once, in exactly the words of its persona.

Language models say the phrase by themselves, often slightly wrong ("언제든 물어보세요! 풋풋~"). Such variants are
taken out, wherever the whole phrase stands and where a part of it ends the reply, and the exact phrase is put at
the end. Applying it twice changes nothing (unless taking one variant out has joined two halves of another).
"""

from chat.tone.phrase_match import PhraseMatcher


class ClosingPhrase:
    """An empty phrase lets everything pass. Raises ValueError for a phrase without a letter."""

    def __init__(self, phrase: str) -> None:
        self._phrase = phrase.strip()
        self._matcher = PhraseMatcher(self._phrase) if self._phrase else None
        self._held = ""  # may still turn out to be the phrase
        self._gap = ""  # whitespace that waits for the word after it
        self._last_shown = ""
        self._after_variant = False

    def feed(self, delta: str) -> str:
        if self._matcher is None:
            return delta
        return self._release(self._matcher, self._held + delta, is_last=False)

    def flush(self) -> str:
        if self._matcher is None:
            return ""
        rest = self._release(self._matcher, self._held, is_last=True)
        return rest + (" " if self._last_shown else "") + self._phrase

    def _release(self, matcher: PhraseMatcher, text: str, *, is_last: bool) -> str:
        """Everything that is certainly not the phrase."""
        pieces: list[str] = []
        position = 0
        while position < len(text):
            character = text[position]
            if character.isspace():
                self._keep_blank(character)
                position += 1
                continue
            found = matcher.match(text, position, is_last=is_last) if self._starts_word(character) else None
            if found is None:
                pieces.append(self._show(character))
                position += 1
            elif found.is_open:
                break
            else:
                self._after_variant = True
                position = found.end
        self._held = text[position:]
        return "".join(pieces)

    def _starts_word(self, character: str) -> bool:
        if not character.isalnum():
            return False
        return bool(self._gap) or self._after_variant or not self._last_shown.isalnum()

    def _keep_blank(self, character: str) -> None:
        """A variant that was taken out leaves one gap behind, not two."""
        if not (self._after_variant and (self._gap or not self._last_shown)):
            self._gap += character

    def _show(self, character: str) -> str:
        shown = self._gap + character
        self._gap = ""
        self._after_variant = False
        self._last_shown = character
        return shown
