"""What the rating screen shows of an item: the talk so far, the answer, its siblings in an order that says nothing.

Everything comes from `masked_room`. Which adapter wrote an answer, and which one its user kept, is not in here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from chat.models import User
from training.cycle.masked_room import MaskedDialog, read_masked_room
from training.cycle.review_refusals import ReviewRefused
from training.models import SCALES, Rating, RatingReason, ReviewItem, Scale
from training.models.items import QueueReason

REASON_KEYS: Final = dict(zip(RatingReason.values, "QWERTYFGHJKLZV", strict=True))
"""Letters that mean nothing else on the screen: A–D are answers, X both bad, S skip, U undo, M memo."""
RECENT_TURNS: Final = 8
TELLING_REASONS: Final = frozenset({QueueReason.CANARY})
"""These would tell which adapter wrote the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    letter: str
    reply_id: UUID
    text: str
    is_judged: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form, with every figure that may be given and the one that was."""

    scale: Scale
    figures: tuple[tuple[int, str], ...]  # with what each is called
    given: int | None


@dataclass(frozen=True, slots=True)
class Screen:
    item: ReviewItem
    character: str
    earlier: Sequence[MaskedDialog]
    recent: Sequence[MaskedDialog]
    message: str
    original: str
    answers: Sequence[Answer]
    rows: Sequence[Row]
    overall: Row
    reasons: Sequence[tuple[str, str, str, bool]]  # key, name, letter, was it given
    why: Sequence[str]
    former: Rating | None

    @property
    def text(self) -> str:
        """What stands in the box: the correction that was made, or the answer."""
        return (self.former.correction if self.former else "") or self.original


def build_screen(item: ReviewItem, expert: User) -> Screen:
    """Raises ReviewRefused: item_gone, when the room has no such answer any more."""
    dialog = item.reply.dialog
    room = read_masked_room(dialog.counsel_id, up_to_seq=dialog.seq)
    if not room or item.reply_id not in room[-1].replies:
        raise ReviewRefused("item_gone")
    former = Rating.objects.filter(item=item, annotator=expert).first()
    *rows, overall = list_rows(former.figures if former else {})
    given = set(former.reasons) if former else set()
    return Screen(
        item=item,
        character=dialog.counsel.character.local_name,
        earlier=room[: -1 - RECENT_TURNS],
        recent=room[-1 - RECENT_TURNS : -1],
        message=room[-1].message,
        original=room[-1].replies[item.reply_id],
        answers=shuffle_answers(item, expert.pk, room[-1].replies.items()),
        rows=rows,
        overall=overall,
        reasons=[(key, str(name), REASON_KEYS[key], key in given) for key, name in RatingReason.choices],
        why=[str(QueueReason(reason).label) for reason in item.reasons if reason not in TELLING_REASONS],
        former=former,
    )


def shuffle_answers(item: ReviewItem, expert_id: UUID, replies: Iterable[tuple[UUID, str]]) -> list[Answer]:
    """The same order at every look of this person, another one for the next; none where nothing is to be compared."""
    drawn = sorted(replies, key=lambda reply: hashlib.sha256(item.pk.bytes + expert_id.bytes + reply[0].bytes).digest())
    if len(drawn) < 2:
        return []
    letters = zip(ascii_uppercase, drawn, strict=False)
    return [Answer(letter, reply_id, text, reply_id == item.reply_id) for letter, (reply_id, text) in letters]


def list_rows(given: dict[str, Any]) -> list[Row]:
    return [Row(scale, _name_figures(scale), given.get(scale.key)) for scale in SCALES]


def _name_figures(scale: Scale) -> tuple[tuple[int, str], ...]:
    if (scale.low, scale.high) == (0, 1):
        return ((0, _("아니요")), (1, _("예")))
    return tuple((figure, str(figure)) for figure in range(scale.low, scale.high + 1))
