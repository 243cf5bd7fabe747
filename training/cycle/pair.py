"""Flow 10 | runs in: celery | takes: ratings | gives: preference pairs by a written rule, masked, consented.

The rule is `pairing`; here are the rows. Deriving is idempotent: the same ratings, derived a hundred times at once,
leave one set of pairs. A pair that a snapshot holds is never deleted here: it is marked `superseded`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.models import Consent, Counsel, Dialog
from chat.pseudonyms.mask import Masker
from training.cycle.masked_room import MaskedDialog, read_masked_rooms
from training.cycle.pairing import Act, DerivedPair, RatedDialog, derive_pairs
from training.models import Pair, PairState, Rating, ReviewItem, SnapshotPair
from training.models.consents import NEEDED_FOR_TRAINING, list_users_allowing_training
from training.models.pairs import PairExclusion

ROOMS_AT_ONCE: Final = 50
ROWS_AT_ONCE: Final = 2000


def derive_pairs_of_dialog(dialog_id: UUID | str) -> int:
    """Bring the dialog's pairs in line with its ratings; returns how many there are. A dialog that is gone has none."""
    counsel_id = Dialog.objects.filter(pk=dialog_id).values_list("counsel_id", flat=True).first()
    return _derive_in_rooms({counsel_id: {UUID(str(dialog_id))}}) if counsel_id else 0


def sweep_pairs(*, since: datetime | None = None) -> int:
    """One pass over all rated rooms, or those where ratings or their user's consents changed since.

    Memory does not grow with their number.
    """
    ratings = Rating.objects.all() if since is None else _list_changed(since)
    rated = ratings.order_by("item__reply__dialog__counsel_id").values_list(
        "item__reply__dialog__counsel_id", "item__reply__dialog_id"
    )
    found = 0
    rooms: dict[UUID, set[UUID]] = {}
    for counsel_id, rows in groupby(rated.iterator(chunk_size=ROWS_AT_ONCE), key=lambda row: row[0]):
        rooms[counsel_id] = {dialog_id for _, dialog_id in rows}
        if len(rooms) == ROOMS_AT_ONCE:
            found += _derive_in_rooms(rooms)
            rooms = {}
    return found + _derive_in_rooms(rooms) if rooms else found


def _list_changed(since: datetime) -> QuerySet[Rating]:
    """Also older ones of whoever lets the model learn only since then: nothing was derived from them yet."""
    giving = Consent.objects.filter(kind__in=NEEDED_FOR_TRAINING, is_granted=True, dt_decided__gte=since)
    changed = Q(dt_rated__gte=since) | Q(dt_withdrawn__gte=since) | Q(item__user__in=giving.values("user_id"))
    return Rating.objects.filter(changed)


def lock_pairs(pairs: QuerySet[Pair]) -> list[UUID]:
    """Their ids. Whoever writes, freezes or withdraws some locks them in this one order: nobody waits in a circle."""
    return list(pairs.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _derive_in_rooms(dialogs_of_rooms: Mapping[UUID, set[UUID]]) -> int:
    dialog_ids = {dialog_id for ids in dialogs_of_rooms.values() for dialog_id in ids}
    # One derivation of a room at a time; whoever rates meanwhile waits for its items and rings again afterwards.
    items = ReviewItem.objects.filter(reply__dialog__in=dialog_ids)
    list(items.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    counsels = _list_consenting(dialogs_of_rooms)
    acts = _read_acts(dialog_ids)
    rooms = read_masked_rooms([counsel.pk for counsel in counsels])
    wanted: dict[str, tuple[Counsel, UUID, DerivedPair]] = {}
    for counsel in counsels:
        for dialog in rooms[counsel.pk]:
            if dialog.dialog_id in dialogs_of_rooms[counsel.pk]:
                for pair in derive_pairs(_describe(dialog, acts.get(dialog.dialog_id, ()))):
                    wanted[pair.compute_key(str(dialog.dialog_id))] = (counsel, dialog.dialog_id, pair)
    _store(dialog_ids, wanted)
    return len(wanted)


def _list_consenting(counsel_ids: Iterable[UUID]) -> list[Counsel]:
    """Of users who let people read along and let the model learn; of others nothing is derived, and nothing stays."""
    counsels = Counsel.objects.filter(pk__in=list(counsel_ids), user__in=list_users_allowing_training())
    return list(counsels.only("pk", "user_id", "character_id").order_by("pk"))


def _read_acts(dialog_ids: Iterable[UUID]) -> dict[UUID, tuple[Act, ...]]:
    standing = Rating.objects.standing().filter(item__reply__dialog__in=dialog_ids)
    acts: dict[UUID, list[Act]] = {}
    for rating in standing.select_related("item__reply").order_by("pk"):
        reply = rating.item.reply
        acts.setdefault(reply.dialog_id, []).append(_read_act(rating, reply.pk))
    return {dialog_id: tuple(found) for dialog_id, found in acts.items()}


def _read_act(rating: Rating, reply_id: UUID) -> Act:
    return Act(
        rating_id=str(rating.pk),
        annotator_id=str(rating.annotator_id or rating.pk),  # whose account is gone stays one voice
        reply_id=str(reply_id),
        overall=rating.overall,
        # An expert may type a name that the masked text did not show; the pair is then left out by its placeholder.
        correction=Masker().mask(rating.correction).text if rating.correction else "",
        preferred_reply_id=str(rating.preferred_reply_id or ""),
        shown_reply_ids=tuple(str(shown) for shown in rating.shown_reply_ids),
        is_authoritative=rating.is_authoritative,
        is_clinical=rating.is_clinical,
    )


def _describe(dialog: MaskedDialog, acts: tuple[Act, ...]) -> RatedDialog:
    replies = {str(reply_id): text for reply_id, text in dialog.replies.items()}
    return RatedDialog(str(dialog.dialog_id), dialog.crisis_level, replies, acts)


def _store(dialog_ids: set[UUID], wanted: dict[str, tuple[Counsel, UUID, DerivedPair]]) -> None:
    lock_pairs(Pair.objects.filter(dialog__in=dialog_ids))
    _drop_unwanted(Pair.objects.filter(dialog__in=dialog_ids).exclude(key__in=wanted))
    rows = list(_build_rows(wanted))
    changing = ["agreement", "state", "exclusion"]
    Pair.objects.bulk_create(rows, update_conflicts=True, unique_fields=["key"], update_fields=changing)
    _link_ratings(wanted)


def _link_ratings(wanted: dict[str, tuple[Counsel, UUID, DerivedPair]]) -> None:
    ids = dict(Pair.objects.filter(key__in=wanted).values_list("key", "pk"))
    links = {(ids[key], UUID(rating_id)) for key, (_, _, pair) in wanted.items() for rating_id in pair.rating_ids}
    through = Pair.ratings.through.objects
    known = set(through.filter(pair__in=ids.values()).values_list("pair_id", "rating_id"))
    for pair_id, rating_id in known - links:
        through.filter(pair_id=pair_id, rating_id=rating_id).delete()
    new = sorted(links - known)
    through.bulk_create([Pair.ratings.through(pair_id=pair_id, rating_id=rating_id) for pair_id, rating_id in new])


def _drop_unwanted(pairs: QuerySet[Pair]) -> None:
    frozen = SnapshotPair.objects.filter(pair__in=pairs).values("pair_id")
    pairs.filter(pk__in=frozen).update(state=PairState.EXCLUDED, exclusion=PairExclusion.SUPERSEDED)
    pairs.exclude(pk__in=frozen).delete()


def _build_rows(wanted: dict[str, tuple[Counsel, UUID, DerivedPair]]) -> Iterator[Pair]:
    now = timezone.now()
    for key, (counsel, dialog_id, pair) in sorted(wanted.items()):
        yield Pair(
            key=key,
            user_id=counsel.user_id,
            counsel_id=counsel.pk,
            dialog_id=dialog_id,
            character_id=counsel.character_id,
            kind=pair.kind,
            chosen=pair.chosen,
            rejected=pair.rejected,
            agreement=pair.agreement,
            state=PairState.EXCLUDED if pair.exclusion else PairState.ACTIVE,
            exclusion=pair.exclusion,
            dt_derived=now,
        )
