"""Filters of the list of pairs for whoever reads a snapshot: all that are in it, or what the one before had not."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from training.models import Pair, Snapshot, SnapshotPair

IN_SNAPSHOT: Final = "snapshots__snapshot"
NOVELTY: Final = "novelty"
NEW: Final = "new"
SHOWN_SNAPSHOTS: Final = 10


def locate_pairs(snapshot: Snapshot, *, only_new: bool = False) -> str:
    """The list of the snapshot's pairs."""
    asked = {IN_SNAPSHOT: str(snapshot.pk), **({NOVELTY: NEW} if only_new else {})}
    return f"{reverse('admin:training_pair_changelist')}?{urlencode(asked)}"


class SnapshotFilter(admin.SimpleListFilter):
    title = _("스냅샷")
    parameter_name = IN_SNAPSHOT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The newest ones, and the one that is asked for however old it is."""
        newest = list(Snapshot.objects.select_related("character")[:SHOWN_SNAPSHOTS])
        asked = Snapshot.objects.select_related("character").filter(pk__in=list_ids(request))
        shown = {snapshot.pk: snapshot for snapshot in [*newest, *asked]}
        return [(str(pk), f"{snapshot} · {snapshot.character.local_name}") for pk, snapshot in shown.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pair]) -> QuerySet[Pair]:
        if self.value() is None:
            return queryset
        if not (ids := list_ids(request)):
            raise IncorrectLookupParameters
        return queryset.filter(snapshots__snapshot__in=ids)


class NoveltyFilter(admin.SimpleListFilter):
    """Offered beside a chosen snapshot only."""

    title = _("앞 판과 견주어")
    parameter_name = NOVELTY

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(NEW, _("새로 들어온 쌍"))] if list_ids(request) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pair]) -> QuerySet[Pair]:
        if self.value() != NEW:
            return queryset
        before = Snapshot.objects.filter(pk__in=list_ids(request)).values("previous")
        return queryset.exclude(Exists(SnapshotPair.objects.filter(snapshot__in=before, pair_key=OuterRef("key"))))


def list_ids(request: HttpRequest) -> list[UUID]:
    """Of the one snapshot that is asked for, if it is one."""
    try:
        return [UUID(request.GET.get(IN_SNAPSHOT, ""))]
    except ValueError:
        return []
