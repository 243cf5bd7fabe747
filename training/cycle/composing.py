"""A masked room and its pairs → conversations as the trainer reads them. Pure; a conversation becomes one tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Protocol
from uuid import UUID

from training.finetune.records import Conversation, Pair, Turn

MOST_CHARACTERS: Final = 1800
"""Of a conversation: with the persona before it, about 1,500 tokens of Gemma 3. Longer talks are cut into parts."""
CONTEXT_CHARACTERS: Final = 900
"""How much of the talk a part may repeat before its first compared answer."""


class TurnOfRoom(Protocol):
    @property
    def dialog_id(self) -> UUID: ...
    @property
    def message(self) -> str: ...
    @property
    def answer(self) -> str: ...


class FrozenPair(Protocol):
    @property
    def chosen(self) -> str: ...
    @property
    def rejected(self) -> str: ...
    @property
    def agreement(self) -> float: ...


def compose_conversations(
    room_id: str,
    character: str,
    room: Sequence[TurnOfRoom],
    pairs: Mapping[UUID, Sequence[FrozenPair]],
    *,
    left_out: Collection[UUID] = (),
    clinical: Collection[UUID] = (),
) -> Iterator[Conversation]:
    """The talk up to its last compared answer, in parts `room/1`, `room/2` … that are short enough to learn.

    Every pair stands in one part. An answer that is too long even alone with its message is in none. What is
    `left_out` is in no part, and no part reaches across it. `clinical`: turns that mark all parts of their stretch,
    for what was said just before a crisis speaks of it, too.
    """
    parts = (
        (part, any(dialog.dialog_id in clinical for dialog in stretch))
        for stretch in _list_stretches(room, left_out)
        for part in _cut(_list_turns(stretch, pairs))
    )
    for number, (part, is_clinical) in enumerate(parts, start=1):
        yield Conversation(f"{room_id}/{number}", character, tuple(part), is_clinical=is_clinical)


def _list_stretches(room: Sequence[TurnOfRoom], left_out: Collection[UUID]) -> Iterator[list[TurnOfRoom]]:
    for is_left_out, stretch in groupby(room, key=lambda dialog: dialog.dialog_id in left_out):
        if not is_left_out:
            yield list(stretch)


def _list_turns(room: Sequence[TurnOfRoom], pairs: Mapping[UUID, Sequence[FrozenPair]]) -> list[Turn]:
    """A message without an answer is read together with the next one, as the person went on writing."""
    turns: list[Turn] = []
    unanswered: list[str] = []
    for dialog in room:
        if dialog.message:
            unanswered.append(dialog.message)
        if not dialog.answer:
            continue
        if unanswered:
            turns.append(Turn("user", "\n".join(unanswered)))
            unanswered = []
        elif turns:
            continue  # an answer that no message stands before
        compared = tuple(_compare(pair) for pair in pairs.get(dialog.dialog_id, ()) if turns)
        turns.append(Turn("bot", dialog.answer, compared))
    return turns


def _cut(turns: list[Turn]) -> Iterator[list[Turn]]:
    part: list[Turn] = []
    learned = 0  # turns of the part up to its last compared answer
    for index, turn in enumerate(turns):
        part.append(turn)
        if not turn.pairs:
            continue
        if _measure(part) > MOST_CHARACTERS:
            if learned:
                yield part[:learned]
            part, learned = _take_context(turns[: index + 1]), 0
            if _measure(part) > MOST_CHARACTERS:
                part = []
                continue
        learned = len(part)
    if learned:
        yield part[:learned]


def _take_context(turns: list[Turn]) -> list[Turn]:
    """The last turn, its message, and as much before it as fits; nothing in it is compared but the last."""
    part = turns[-2:]
    for turn in reversed(turns[:-2]):
        if _measure([turn, *part[:-1]]) > CONTEXT_CHARACTERS:
            break
        part.insert(0, Turn(turn.role, turn.text))
    return part


def _measure(part: list[Turn]) -> int:
    longest_answer = max((len(text) for pair in part[-1].pairs for text in (pair.chosen, pair.rejected)), default=0)
    return sum(len(turn.text) for turn in part[:-1]) + max(len(part[-1].text), longest_answer)


def _compare(pair: FrozenPair) -> Pair:
    return Pair(chosen=pair.chosen, rejected=pair.rejected, agreement=pair.agreement)
