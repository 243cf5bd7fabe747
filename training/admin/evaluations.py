"""The gate's verdict as a page that a person understands; the arena beside it; and the way to going live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from chat.admin.row_page import Page, RowPageAdmin, Tool, get_person
from chat.models import LARGEST_CANARY_PERCENT
from chat.serving.refusals import ServingRefused
from training.admin.arena import describe_arena, show_arena, show_arenas, take_vote
from training.cycle.promote import check_promotion, promote
from training.cycle.refusals import TrainingRefused
from training.gate.figures import show_number
from training.models import Evaluation, EvaluationState

MAY_PROMOTE: Final = "training.promote"
MAY_START: Final = "training.start_run"
REASON_CHARACTERS: Final = 500
USUAL_CANARY_PERCENT: Final = 10
BLIND: Final = ("heldout", "fresh")
"""Groups whose replies stand in the arena: with names on, they would tell which side is which."""
WATCHED: Final = (EvaluationState.QUEUED, EvaluationState.RUNNING)
COLORS: Final = {
    EvaluationState.QUEUED: "default",
    EvaluationState.RUNNING: "info",
    EvaluationState.PASSED: "success",
    EvaluationState.REFUSED: "danger",
    EvaluationState.FAILED: "warning",
}
KINDS: Final = {  # of safety cases: training/gate/cases
    "implicit": gettext_lazy("에둘러 말한 위기"),
    "medication": gettext_lazy("약과 복용량"),
    "identity": gettext_lazy("사람인지 묻는 말"),
    "abuse_subtle": gettext_lazy("드러나지 않은 학대"),
    "eating": gettext_lazy("먹는 일의 어려움"),
    "disguised_method": gettext_lazy("돌려 묻는 방법"),
    "diagnosis_request": gettext_lazy("진단을 바라는 말"),
    "minor": gettext_lazy("미성년자"),
    "secrecy": gettext_lazy("비밀로 해 달라는 말"),
    "delusion": gettext_lazy("사실과 다른 믿음"),
    "romance_dependence": gettext_lazy("연애 감정과 의존"),
    "illegal_harm": gettext_lazy("불법이나 해로운 일"),
    "promise": gettext_lazy("지킬 수 없는 약속"),
    "jailbreak": gettext_lazy("규칙을 풀려는 말"),
    "body_pain": gettext_lazy("몸의 통증"),
    "command_token": gettext_lazy("제어 토큰"),
    "odd_string": gettext_lazy("뜻 모를 글자"),
    "authority": gettext_lazy("관리자라고 하는 말"),
    "repeated": gettext_lazy("되풀이되는 글자"),
}


@admin.register(Evaluation)
class EvaluationAdmin(RowPageAdmin):
    row_template = "training/evaluation.html"
    list_display = ("__str__", "character", "candidate", "live", "show_state", "dt_queued", "dt_finished")
    list_filter = ("character", "state")
    list_select_related = ("character", "candidate", "live")

    @display(description=gettext_lazy("상태"), label=COLORS, ordering="state")  # type: ignore[untyped-decorator]
    def show_state(self, evaluation: Evaluation) -> Any:
        return evaluation.state, evaluation.get_state_display()

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        return (Tool(_("블라인드 비교"), reverse("admin:training_arena"), "balance", is_first=True),)

    def list_pages(self) -> Sequence[Page]:
        return [
            ("arena/", self.list_arenas, "training_arena"),
            ("<uuid:pk>/arena/", self.open_arena, "training_evaluation_arena"),
            ("<uuid:pk>/arena/vote/", require_POST(self.cast_vote), "training_evaluation_vote"),
            ("<uuid:pk>/promote/", require_POST(self.promote), "training_evaluation_promote"),
        ]

    def describe(self, request: HttpRequest, row: Evaluation) -> dict[str, Any]:
        user: Any = request.user
        report = row.report
        arena = describe_arena(row, user)
        # What was refused goes nowhere, whatever people choose: its trainer needs to see why.
        kept_blind = BLIND if row.state == EvaluationState.PASSED and arena["left"] else ()
        worst = report.get("worst", [])
        return {
            "is_watched": row.state in WATCHED,
            "summary": pick(report.get("summary")),
            "reasons": [pick(reason) for reason in row.reasons],
            "checks": [describe_check(check) for check in report.get("checks", [])],
            "gaps": [pick(gap) for gap in report.get("gaps", [])],
            "worst": [
                {**case, "wrong": [pick(words) for words in case.get("wrong", [])]}
                for case in worst
                if case.get("group") not in kept_blind
            ],
            "is_kept_blind": any(case.get("group") in kept_blind for case in worst),
            "kinds": describe_kinds(report.get("safety", {})),
            "broken": [describe_broken(found) for found in report.get("safety", {}).get("broken", [])],
            "arena": arena,
            "may_promote": user.has_perm(MAY_PROMOTE),
            "may_evaluate": user.has_perm(MAY_START) and row.run_id is not None and row.state not in WATCHED,
            "obstacle": find_obstacle(row),
            "usual_percent": USUAL_CANARY_PERCENT,
            "largest_percent": LARGEST_CANARY_PERCENT,
        }

    def promote(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """First a question that says what will happen, then the deed."""
        person = get_person(request, MAY_PROMOTE)
        evaluation: Evaluation = self.get_row(request, pk)
        reason = request.POST.get("reason", "").strip()[:REASON_CHARACTERS]
        percent = read_percent(request.POST.get("canary_percent", ""))
        if not reason or percent is None:
            messages.error(request, _("이유와 0에서 50 사이의 비율을 적어 주세요."))
            return self.go_to(evaluation)
        if request.POST.get("is_sure") != "yes":
            return self._ask(request, evaluation, reason, percent)
        try:
            release = promote(evaluation, person, reason=reason, canary_percent=percent)
        except (TrainingRefused, ServingRefused) as refusal:
            messages.error(request, refusal.message)
            return self.go_to(evaluation)
        messages.success(request, _("내보내기 시작했어요. 추론 작업자가 확인하면 답하기 시작해요."))
        return redirect("admin:chat_release_change", release.pk)

    def _ask(self, request: HttpRequest, evaluation: Evaluation, reason: str, percent: int) -> HttpResponse:
        names = {"character": evaluation.character.local_name, "adapter": evaluation.candidate.name, "share": percent}
        to_some = _("먼저 사용자 %(share)d %%에게만 %(adapter)s 어댑터로 답해요. 나빠지면 저절로 되돌아가요.")
        to_all = _("%(character)s의 모든 답을 바로 %(adapter)s 어댑터가 써요.")
        return self.show(
            request,
            "admin/confirm.html",
            _("내보내기"),
            question=_("정말 내보낼까요?"),
            sentences=[(to_some if percent else to_all) % names, _("이유: %(reason)s") % {"reason": reason}],
            kept={"reason": reason, "canary_percent": percent},
            yes=_("내보내기"),
            back=reverse("admin:training_evaluation_change", args=[evaluation.pk]),
        )

    def list_arenas(self, request: HttpRequest) -> HttpResponse:
        return show_arenas(self, request)

    def open_arena(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return show_arena(self, request, pk)

    def cast_vote(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return take_vote(request, pk)


def pick(words: Any) -> str:
    """Of {"ko": …, "en": …} the one that the page is read in."""
    if not isinstance(words, Mapping):
        return str(words or "")
    language = (get_language() or "ko")[:2]
    return str(words.get(language) or words.get("ko") or words.get("code", ""))


def read_percent(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_CANARY_PERCENT else None


def find_obstacle(evaluation: Evaluation) -> str:
    """Why it cannot go live now; empty where it can."""
    try:
        check_promotion(evaluation, evaluation.candidate)
    except TrainingRefused as refusal:
        return refusal.message
    return ""


def describe_check(check: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: pick(check.get(name)) for name in ("title", "bar", "why")}
    figures = {side: "—" if check.get(side) is None else show_number(check[side]) for side in ("candidate", "live")}
    return {**check, **words, **figures}


def describe_kinds(safety: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**row, "name": KINDS.get(row["kind"], row["kind"])} for row in safety.get("kinds", [])]


def describe_broken(found: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: [pick(rule) for rule in found.get(side, [])] for side in ("candidate_broken", "live_broken")}
    return {**found, **sides, "name": KINDS.get(found.get("kind", ""), found.get("kind", ""))}
