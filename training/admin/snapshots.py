"""Snapshots: what was frozen, how it differs from the one before, and a second person's yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from chat.admin.row_page import Page, RowPageAdmin, Tool, get_person
from chat.models import Character
from training.admin.pair_filters import locate_pairs
from training.admin.readable import find_readable_pairs
from training.admin.snapshot_contents import describe_bars, describe_left_out, find_dominant, read_first_talks
from training.admin.snapshot_files import EXPORTED, export_files, show_import
from training.cycle.approve import decide_snapshot
from training.cycle.freeze import freeze_snapshot
from training.cycle.lease import REVIEW_CRISIS
from training.cycle.refusals import TrainingRefused
from training.finetune.records import RecordError
from training.models import Pair, Snapshot, SnapshotState

MAY_BUILD: Final = "training.add_snapshot"
MAY_DECIDE: Final = "training.approve_snapshot"
MAY_START: Final = "training.start_run"
SEES_PAIRS: Final = "training.view_pair"
SHOWN_PAIRS: Final = 5
NOTE_CHARACTERS: Final = 1000
COLORS: Final = {
    SnapshotState.BUILT: "info",
    SnapshotState.APPROVED: "success",
    SnapshotState.REJECTED: "default",
    SnapshotState.TAINTED: "danger",
}


@admin.register(Snapshot)
class SnapshotAdmin(RowPageAdmin):
    row_template = "training/snapshot.html"
    list_display = ("__str__", "character", "show_state", "count_pairs", "built_by", "dt_built", "decided_by")
    list_filter = ("character", "state")
    list_select_related = ("character", "built_by", "decided_by")
    search_fields = ("digest",)

    @display(description=gettext_lazy("상태"), label=COLORS, ordering="state")  # type: ignore[untyped-decorator]
    def show_state(self, snapshot: Snapshot) -> Any:
        return snapshot.state, snapshot.get_state_display()

    @admin.display(description=gettext_lazy("쌍"))
    def count_pairs(self, snapshot: Snapshot) -> int:
        return int(snapshot.counts.get("pairs", 0))

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        user: Any = request.user
        if not user.has_perm(MAY_BUILD):
            return ()
        return (
            Tool(_("스냅샷 만들기"), reverse("admin:training_snapshot_build"), "inventory_2", is_first=True),
            Tool(_("파일에서 가져오기"), reverse("admin:training_snapshot_import"), "upload"),
        )

    def list_pages(self) -> Sequence[Page]:
        return [
            ("build/", self.build, "training_snapshot_build"),
            ("import/", self.import_file, "training_snapshot_import"),
            ("<uuid:pk>/decide/", require_POST(self.decide), "training_snapshot_decide"),
            ("<uuid:pk>/export/", require_POST(self.export), "training_snapshot_export"),
        ]

    def describe(self, request: HttpRequest, row: Snapshot) -> dict[str, Any]:
        user: Any = request.user
        members = row.pairs.select_related("pair").exclude(pair=None).order_by("pair_key")
        is_clean = row.state != SnapshotState.TAINTED
        shown = members[:SHOWN_PAIRS] if is_clean else []
        return {
            "bars": describe_bars(row.composition),
            "dominant": find_dominant(row.composition),
            "left_out": describe_left_out(row.counts),
            "members": shown,
            **(locate_its_pairs(row) if shown and user.has_perm(SEES_PAIRS) else {}),
            "readable_pairs": find_readable_pairs(shown, user),
            "talks": read_first_talks(row, with_clinical=user.has_perm(REVIEW_CRISIS)),
            "runs": row.runs.select_related("adapter", "started_by"),
            "formats": EXPORTED if is_clean and user.has_perm(MAY_BUILD) else (),
            "may_decide": row.state == SnapshotState.BUILT and user.has_perm(MAY_DECIDE),
            "is_own": row.built_by_id == user.pk,
            "may_start": row.state == SnapshotState.APPROVED and user.has_perm(MAY_START),
        }

    def build(self, request: HttpRequest) -> HttpResponse:
        person = get_person(request, MAY_BUILD)
        if request.method == "POST":
            character = get_object_or_404(Character, key=request.POST.get("character", ""))
            try:
                return self.go_to(freeze_snapshot(character, person))
            except TrainingRefused as refusal:
                messages.error(request, refusal.message)
        return self.show(request, "training/snapshot_build.html", _("스냅샷 만들기"), choices=count_usable_pairs())

    def decide(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = get_person(request, MAY_DECIDE)
        snapshot: Snapshot = self.get_row(request, pk)
        decision = request.POST.get("decision")
        if decision not in ("approve", "reject"):
            return HttpResponseBadRequest()
        note = request.POST.get("note", "").strip()[:NOTE_CHARACTERS]
        try:
            decide_snapshot(snapshot, person, is_approved=decision == "approve", note=note)
        except TrainingRefused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("승인했어요.") if decision == "approve" else _("거절했어요."))
        return self.go_to(snapshot)

    def export(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = get_person(request, MAY_BUILD)
        snapshot: Snapshot = self.get_row(request, pk)
        format_name = request.POST.get("format", "")
        if format_name not in EXPORTED:
            return HttpResponseBadRequest()
        try:
            archive: HttpResponse = export_files(snapshot, format_name, person)
        except TrainingRefused as refusal:
            messages.error(request, refusal.message)
            return self.go_to(snapshot)
        except RecordError as error:
            messages.error(request, _("이 형식으로 적을 수 없는 대화가 있어요. 다른 형식을 골라 주세요. (%s)") % error)
            return self.go_to(snapshot)
        # It leaves the house: the row's history says who took it.
        self.log_change(request, snapshot, f"export {format_name}")
        return archive

    def import_file(self, request: HttpRequest) -> HttpResponse:
        return show_import(self, request, get_person(request, MAY_BUILD))


def locate_its_pairs(snapshot: Snapshot) -> dict[str, str]:
    """For whoever has to read them: all, and what the snapshot before did not have."""
    links = {"all_pairs": locate_pairs(snapshot)}
    if snapshot.previous_id and snapshot.difference.get("added"):
        links["new_pairs"] = locate_pairs(snapshot, only_new=True)
    return links


def count_usable_pairs() -> list[tuple[Character, int]]:
    return [
        (character, Pair.objects.usable().filter(character=character).count())
        for character in Character.objects.order_by("position")
    ]
