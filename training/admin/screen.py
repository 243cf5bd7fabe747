"""What the rating screen shows of an item: the talk so far, the answer, its siblings in an order that says nothing.

Everything comes from `masked_room`. Which adapter wrote an answer, and which one its user kept, is not in here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils.translation import gettext as _

from chat.models import User
from training.cycle.masked_room import MaskedDialog, read_masked_room
from training.cycle.review_refusals import ReviewRefused
from training.models import SCALES, Rating, RatingReason, ReviewItem, Scale
from training.models.items import QueueReason
from training.models.ratings import MAX_CORRECTION_CHARACTERS

ANSWER_KEYS: Final = "ABCD"
"""One answer a letter; of more answers than that, the others are not shown."""
REASON_KEYS: Final = dict(zip(RatingReason.values, "QWERTYFGHJKLZV", strict=True))
"""Letters that mean nothing else on the screen: A–D are answers, X both bad, S skip, U undo, M memo."""
RECENT_TURNS: Final = 8
SHOWN_REASONS: Final = frozenset({QueueReason.CRISIS, QueueReason.SIBLINGS})
"""Of the talk. Each other one, there or not, would tell what the user or a rule thought of the answer, or who wrote it.

They stand in the list of the queue, for those who run it.
"""


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

    most_characters: ClassVar = MAX_CORRECTION_CHARACTERS

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
    replies = room[-1].replies
    first = (item.reply_id, former.preferred_reply_id if former else None, dialog.chosen_reply_id)
    *rows, overall = list_rows(former.figures if former else {})
    given = set(former.reasons) if former else set()
    return Screen(
        item=item,
        character=dialog.counsel.character.local_name,
        earlier=room[: -1 - RECENT_TURNS],
        recent=room[-1 - RECENT_TURNS : -1],
        message=room[-1].message,
        original=replies[item.reply_id],
        answers=shuffle_answers(item, expert.pk, pick_answers(first, replies)),
        rows=rows,
        overall=overall,
        reasons=[(key, str(name), REASON_KEYS[key], key in given) for key, name in RatingReason.choices],
        why=[str(QueueReason(reason).label) for reason in item.reasons if reason in SHOWN_REASONS],
        former=former,
    )


def pick_answers(first: Sequence[UUID | None], replies: Mapping[UUID, str]) -> dict[UUID, str]:
    """As many as there are letters: those of `first` that are among `replies`, then the newest.

    `first`: the judged one, the one that this person found better before, the one that its user kept.
    """
    ranked = {one: replies[one] for one in (*first, *reversed(list(replies))) if one and one in replies}
    return dict(islice(ranked.items(), len(ANSWER_KEYS)))


def shuffle_answers(item: ReviewItem, expert_id: UUID, replies: Mapping[UUID, str]) -> list[Answer]:
    """The same order at every look of this person, another one for the next; none where nothing is to be compared."""
    drawn = sorted(
        replies.items(), key=lambda reply: hashlib.sha256(item.pk.bytes + expert_id.bytes + reply[0].bytes).digest()
    )
    if len(drawn) < 2:
        return []
    letters = zip(ANSWER_KEYS, drawn, strict=False)
    return [Answer(letter, reply_id, text, reply_id == item.reply_id) for letter, (reply_id, text) in letters]


def list_rows(given: dict[str, Any]) -> list[Row]:
    return [Row(scale, _name_figures(scale), given.get(scale.key)) for scale in SCALES]


def _name_figures(scale: Scale) -> tuple[tuple[int, str], ...]:
    if (scale.low, scale.high) == (0, 1):
        return ((0, _("아니요")), (1, _("예")))
    return tuple((figure, str(figure)) for figure in range(scale.low, scale.high + 1))
