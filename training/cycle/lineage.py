"""Where a reply comes from and what a message was made into: two questions, each a handful of queries.

reply → adapter → run → snapshot → pairs → messages and annotators
message → pairs → snapshots → runs → adapters → releases and how many replies they gave
        → evaluations that may have shown it, with their cases in the arena
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from chat.models import Adapter, Dialog, Release, Reply, User
from training.models import Evaluation, Pair, Rating, ReviewItem, Snapshot, SnapshotPair, TrainingRun

SHOWN_PAIRS = 200


@dataclass
class Ancestry:
    """Of a reply or an adapter. A shipped adapter has no run here: its manifest says how it was made."""

    reply: Reply | None
    adapter: Adapter | None
    run: TrainingRun | None = None
    snapshot: Snapshot | None = None
    evaluations: list[Evaluation] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    pairs: list[SnapshotPair] = field(default_factory=list)  # the first SHOWN_PAIRS
    pairs_in_all: int = 0
    annotators: list[User] = field(default_factory=list)
    parents: list[Adapter] = field(default_factory=list)  # the one it was trained on from first


@dataclass
class Descendants:
    """Of a message."""

    dialog: Dialog
    replies: list[Reply]
    ratings: list[Rating]
    pairs: list[Pair]
    snapshots: list[Snapshot]
    runs: list[TrainingRun]
    adapters: list[Adapter]
    releases: list[Release]
    replies_given: dict[str, int]  # by the name of an adapter
    evaluations: list[Evaluation]  # with `arena_cases`, how many of theirs still hold texts


def trace_reply(reply: Reply) -> Ancestry:
    adapter = Adapter.objects.filter(name=reply.adapter).first() if reply.adapter else None
    ancestry = trace_adapter(adapter) if adapter is not None else Ancestry(reply, None)
    ancestry.reply = reply
    return ancestry


def trace_adapter(adapter: Adapter) -> Ancestry:
    run = TrainingRun.objects.select_related("snapshot", "parent", "started_by").filter(adapter=adapter).first()
    ancestry = Ancestry(None, adapter, run)
    ancestry.releases = list(adapter.releases.select_related("decided_by").order_by("dt_decided"))
    ancestry.evaluations = list(adapter.evaluations.order_by("dt_queued"))
    if run is None:
        return ancestry
    ancestry.snapshot = run.snapshot
    members = run.snapshot.pairs.select_related("pair__dialog").order_by("pair_key")
    ancestry.pairs = list(members.prefetch_related("pair__ratings__annotator")[:SHOWN_PAIRS])
    ancestry.pairs_in_all = members.count()
    raters = Rating.objects.filter(pairs__snapshots__snapshot=run.snapshot).values("annotator")
    ancestry.annotators = list(User.objects.filter(pk__in=raters).order_by("login_id"))
    parent = run.parent
    while parent is not None and parent not in ancestry.parents:
        ancestry.parents.append(parent)
        above = TrainingRun.objects.select_related("parent").filter(adapter=parent).first()
        parent = above.parent if above is not None else None
    return ancestry


def trace_dialog(dialog_id: UUID) -> Descendants:
    """Raises Dialog.DoesNotExist."""
    dialog = Dialog.objects.get(pk=dialog_id)
    pairs = list(Pair.objects.filter(dialog=dialog).order_by("key"))
    # A later pair of the room holds this message as what was said before it.
    later = {"pairs__pair__counsel": dialog.counsel_id, "pairs__pair__dialog__seq__gte": dialog.seq}
    snapshots = list(Snapshot.objects.filter(**later).distinct().order_by("dt_built"))
    runs = _list_runs(snapshots)
    adapters = [run.adapter for run in runs if run.adapter is not None]
    return Descendants(
        dialog=dialog,
        replies=list(dialog.replies.order_by("number")),
        ratings=list(Rating.objects.filter(item__reply__dialog=dialog).select_related("annotator")),
        pairs=pairs,
        snapshots=snapshots,
        runs=runs,
        adapters=adapters,
        releases=list(Release.objects.filter(adapter__in=adapters).order_by("dt_decided")),
        replies_given=_count_replies([adapter.name for adapter in adapters]),
        evaluations=list(_count_cases(list_evaluations_showing([dialog.counsel_id])).order_by("dt_queued")),
    )


def list_evaluations_showing(counsel_ids: Iterable[UUID]) -> QuerySet[Evaluation]:
    """That may have shown talks of these rooms, as held-out or as fresh ones: all since their first reply was queued.

    No row says which talks a gate drew, and the pairs that made it draw one may be gone.
    """
    earliest = (
        ReviewItem.objects.filter(reply__dialog__counsel__in=counsel_ids)
        .values_list("reply__dialog__counsel__character_id")
        .annotate(first=Min("dt_queued"))
    )
    may_show = Q(pk__in=[])
    for character_id, first in earliest:
        may_show |= Q(character_id=character_id) & (Q(dt_finished__isnull=True) | Q(dt_finished__gte=first))
    return Evaluation.objects.filter(may_show)


def _count_cases(evaluations: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    return evaluations.annotate(arena_cases=Count("cases", filter=~Q(cases__turns=[])))


def _count_replies(names: list[str]) -> dict[str, int]:
    """By name of an adapter; 0 for one that gave none."""
    given = Reply.objects.filter(adapter__in=names).order_by().values_list("adapter").annotate(number=Count("pk"))
    return dict.fromkeys(names, 0) | dict(given)


def _list_runs(snapshots: list[Snapshot]) -> list[TrainingRun]:
    """Of the snapshots, and those that went on from their adapters."""
    found = list(TrainingRun.objects.filter(snapshot__in=snapshots).select_related("adapter"))
    newest = found
    while newest:
        adapters = [run.adapter_id for run in newest if run.adapter_id]
        newest = list(
            TrainingRun.objects.filter(parent__in=adapters)
            .exclude(pk__in=[run.pk for run in found])
            .select_related("adapter")
        )
        found += newest
    return found
