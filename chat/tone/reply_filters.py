"""The filters every reply passes while it streams, in their order: trim, loops, invented numbers, closing phrase."""

from __future__ import annotations

from chat.tone.closing_phrase import ClosingPhrase
from chat.tone.filters import FilterChain
from chat.tone.phone_guard import PhoneGuard
from chat.tone.repetition_stop import RepetitionStop
from chat.tone.reply_trim import ReplyTrim


class ReplyFilters:
    """One reply's chain. `is_looping` tells the worker to end the reply there."""

    def __init__(self, *, closing_phrase: str, allowed_numbers: frozenset[str]) -> None:
        self._loop = RepetitionStop()
        self._chain = FilterChain(
            [ReplyTrim(), self._loop, PhoneGuard(allowed_numbers), ClosingPhrase(closing_phrase), ReplyTrim()]
        )

    @property
    def is_looping(self) -> bool:
        return self._loop.is_looping

    def feed(self, delta: str) -> str:
        return self._chain.feed(delta)

    def flush(self) -> str:
        return self._chain.flush()
