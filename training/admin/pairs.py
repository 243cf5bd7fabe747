"""Preference pairs, to be looked at: derived from ratings by a written rule, so nobody edits one."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.admin.row_page import RowPageAdmin, locate_lineage
from chat.models import User
from training.admin.pair_filters import NoveltyFilter, SnapshotFilter
from training.admin.readable import list_of_consenting, list_readable, may_read_turn
from training.models import Pair, PairState

SHOWN_CHARACTERS: Final = 80
COLORS: Final = {PairState.ACTIVE: "success", PairState.EXCLUDED: "default"}


@admin.register(Pair)
class PairAdmin(RowPageAdmin):
    row_template = "training/pair.html"
    list_display = ("__str__", "show_chosen", "character", "kind", "show_state", "exclusion", "agreement", "dt_derived")
    list_filter = (SnapshotFilter, NoveltyFilter, "character", "kind", "state", "exclusion")
    list_select_related = ("character",)
    search_fields = ("key", "=dialog__id")
    ordering = ("-dt_derived",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pair]:
        same = list_readable(Pair.objects.filter(pk=OuterRef("pk")), cast(User, request.user))
        pairs: QuerySet[Pair] = list_of_consenting(super().get_queryset(request)).annotate(is_readable=Exists(same))
        return pairs

    @admin.display(description=_("나은 답"))
    def show_chosen(self, pair: Any) -> str:
        return Truncator(pair.chosen).chars(SHOWN_CHARACTERS) if pair.is_readable else "—"

    @display(description=_("상태"), label=COLORS, ordering="state")  # type: ignore[untyped-decorator]
    def show_state(self, pair: Pair) -> Any:
        return pair.state, pair.get_state_display()

    def describe(self, request: HttpRequest, row: Pair) -> dict[str, Any]:
        return {
            "is_readable": may_read_turn(row.dialog, cast(User, request.user)),
            "ratings": row.ratings.select_related("annotator").order_by("dt_rated"),
            "snapshots": row.snapshots.select_related("snapshot").order_by("snapshot__dt_built"),
            "lineage": locate_lineage("dialog", row.dialog_id),
        }
