"""Runs: started and cancelled by hand, watched while they go on, laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from chat.admin.row_page import Page, RowPageAdmin, Tool, get_person
from training.admin.compare_runs import FEWEST, MOST, flatten_config, resolve_config, show_comparison, vote
from training.admin.run_figures import locate_run, mark_figures, read_figures, read_log_tail
from training.admin.run_form import RunForm
from training.cycle.evaluate import ask_for_evaluation
from training.cycle.run_refusals import RUN_ERRORS, RunRefused
from training.cycle.train import ask_for_run, cancel_run
from training.models import RunState, TrainingRun
from training.models.runs import RunTrigger

MAY_START: Final = "training.start_run"
COLORS: Final = {
    RunState.QUEUED: "default",
    RunState.RUNNING: "info",
    RunState.DONE: "success",
    RunState.FAILED: "danger",
    RunState.CANCELLED: "warning",
}
PHASES: Final = {
    "reference": gettext_lazy("기준 확률을 재는 중"),
    "step": gettext_lazy("학습하는 중"),
    "held out": gettext_lazy("떼어 둔 대화로 재는 중"),
}


@admin.register(TrainingRun)
class TrainingRunAdmin(RowPageAdmin):
    row_template = "training/run.html"
    list_display = ("__str__", "character", "show_state", "show_progress", "snapshot", "started_by", "dt_queued")
    list_filter = ("character", "state", "trigger")
    list_select_related = ("character", "snapshot", "started_by")
    actions = ("compare",)

    @display(description=gettext_lazy("상태"), label=COLORS, ordering="state")  # type: ignore[untyped-decorator]
    def show_state(self, run: TrainingRun) -> Any:
        return run.state, run.get_state_display()

    @admin.display(description=gettext_lazy("진행"))
    def show_progress(self, run: TrainingRun) -> str:
        done, total = run.progress.get("done"), run.progress.get("total")
        return f"{done} / {total}" if run.state == RunState.RUNNING and total else "—"

    @admin.action(description=gettext_lazy("나란히 비교"))
    def compare(self, request: HttpRequest, queryset: QuerySet[TrainingRun]) -> HttpResponseRedirect | None:
        chosen = [str(pk) for pk in queryset.values_list("pk", flat=True)[: MOST + 1]]
        if not FEWEST <= len(chosen) <= MOST:
            messages.warning(request, _("둘에서 다섯까지 골라 주세요."))
            return None
        return redirect(f"{reverse('admin:training_trainingrun_compare')}?{urlencode({'run': chosen}, doseq=True)}")

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        user: Any = request.user
        if not user.has_perm(MAY_START):
            return ()
        return (Tool(_("학습 시작"), reverse("admin:training_trainingrun_start"), "play_arrow", is_first=True),)

    def list_pages(self) -> Sequence[Page]:
        return [
            ("start/", self.start, "training_trainingrun_start"),
            ("compare/", self.compare_runs, "training_trainingrun_compare"),
            ("vote/", require_POST(self.vote_for_one), "training_trainingrun_vote"),
            ("<uuid:pk>/live/", self.tell, "training_trainingrun_live"),
            ("<uuid:pk>/cancel/", require_POST(self.cancel), "training_trainingrun_cancel"),
            ("<uuid:pk>/evaluate/", require_POST(self.evaluate), "training_trainingrun_evaluate"),
        ]

    def describe(self, request: HttpRequest, row: TrainingRun) -> dict[str, Any]:
        user: Any = request.user
        may_start = user.has_perm(MAY_START)
        return {
            "told": describe_run(row, seen=""),
            "live_url": reverse("admin:training_trainingrun_live", args=[row.pk]),
            "settings": sorted(flatten_config(resolve_config(row)).items()),
            "changed": set(flatten_config(row.config)),
            "evaluations": row.evaluations.select_related("candidate", "live"),
            "may_cancel": may_start and row.is_live,
            "may_evaluate": may_start and row.adapter_id is not None,
        }

    def tell(self, request: HttpRequest, pk: UUID) -> JsonResponse:
        """`?seen=`: the mark of the curves that the page has; they come only when there are others."""
        return JsonResponse(describe_run(self.get_row(request, pk), seen=request.GET.get("seen", "")))

    def start(self, request: HttpRequest) -> HttpResponse:
        person = get_person(request, MAY_START)
        form = RunForm(request.POST or None, initial={"snapshot": request.GET.get("snapshot")})
        if request.method == "POST" and form.is_valid():
            snapshot, config = form.cleaned_data["snapshot"], form.cleaned_data["config"]
            try:
                return self.go_to(ask_for_run(snapshot, by=person, trigger=RunTrigger.HAND, config=config))
            except RunRefused as refusal:
                messages.error(request, refusal.message)
        return self.show(request, "training/run_start.html", _("학습 시작"), form=form)

    def cancel(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = get_person(request, MAY_START)
        run: TrainingRun = self.get_row(request, pk)
        try:
            cancel_run(run, person)
        except RunRefused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("취소를 부탁했어요. 몇 초 안에 멈춰요."))
        return self.go_to(run)

    def evaluate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        get_person(request, MAY_START)
        run: TrainingRun = self.get_row(request, pk)
        try:
            return self.go_to(ask_for_evaluation(run))
        except RunRefused as refusal:
            messages.error(request, refusal.message)
            return self.go_to(run)

    def compare_runs(self, request: HttpRequest) -> HttpResponse:
        return show_comparison(self, request)

    def vote_for_one(self, request: HttpRequest) -> HttpResponse:
        return vote(self, request)


def describe_run(run: TrainingRun, *, seen: str) -> dict[str, Any]:
    """What the page shows of a run, as JSON."""
    folder = locate_run(run)
    mark = mark_figures(folder)
    progress = run.progress
    return {
        "state": run.state,
        "state_name": run.get_state_display(),
        "is_live": run.is_live,
        "is_stopping": run.is_live and run.dt_cancel_requested is not None,
        "phase": str(PHASES.get(progress.get("phase") or "", progress.get("phase") or "")),
        "done": progress.get("done"),
        "total": progress.get("total"),
        "seconds_left": progress.get("seconds_left"),
        "attempt": run.attempt,
        "heartbeat": describe_heartbeat(run),
        "error": describe_error(run),
        "mark": mark,
        "figures": read_figures(folder) if mark != seen else None,
        "log": read_log_tail(folder),
    }


def describe_heartbeat(run: TrainingRun) -> str:
    return date_format(timezone.localtime(run.dt_heartbeat), "Y-m-d H:i:s") if run.dt_heartbeat else "—"


def describe_error(run: TrainingRun) -> str:
    if not run.error_code:
        return ""
    if run.error_code == "cancelled" and run.cancelled_by is not None:
        return _("%(person)s 님이 취소했어요. 다시 하려면 새로 시작해 주세요.") % {"person": run.cancelled_by.login_id}
    sentence = str(RUN_ERRORS.get(run.error_code, run.error_code))
    return f"{sentence} ({run.error})" if run.error else sentence
