"""The blind arena's pages: two answers without names, four keys, and the count only for who has judged all of them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.admin.row_page import RowPageAdmin
from chat.models import User
from training.cycle.arena import Shown, cast_vote, count_votes, find_next_case, is_candidate_left, list_cases
from training.models import ArenaCase, ArenaVote, Evaluation

MAY_JUDGE: Final = ("training.rate", "training.promote", "training.view_evaluation")
SHOWN_ARENAS: Final = 20


def get_judge(request: HttpRequest) -> User:
    """Raises PermissionDenied."""
    user = request.user
    if not isinstance(user, User) or not any(user.has_perm(permission) for permission in MAY_JUDGE):
        raise PermissionDenied
    return user


def show_arenas(page: RowPageAdmin, request: HttpRequest) -> HttpResponse:
    """Comparisons with cases, newest first, without a word on which adapters they compare."""
    judge = get_judge(request)
    is_own = Q(cases__votes__voter=judge)
    own = Count("cases__votes", filter=is_own, distinct=True)
    in_all = Count("cases", filter=~Q(cases__turns=[]) | is_own, distinct=True)  # as list_cases
    arenas = Evaluation.objects.annotate(in_all=in_all, judged=own).filter(in_all__gt=0)
    context = {"arenas": arenas.select_related("character")[:SHOWN_ARENAS]}
    return page.show(request, "training/arenas.html", _("블라인드 비교"), **context)


def show_arena(page: RowPageAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    judge = get_judge(request)
    evaluation = get_object_or_404(Evaluation.objects.select_related("character"), pk=pk)
    again = find_last_case(evaluation, judge) if request.GET.get("again") else None
    shown = again or find_next_case(evaluation, judge)
    context = {
        "evaluation": evaluation,
        "shown": shown,
        "has_last": again is None and find_last_case(evaluation, judge) is not None,
        "arena": describe_arena(evaluation, judge),
        "may_see": page.has_view_permission(request),
    }
    return page.show(request, "training/arena.html", _("블라인드 비교"), **context)


def take_vote(request: HttpRequest, pk: UUID) -> HttpResponse:
    judge = get_judge(request)
    number = request.POST.get("case", "")
    if not (number.isascii() and number.isdigit()):
        raise BadRequest
    case = get_object_or_404(ArenaCase, evaluation=pk, number=int(number))
    try:
        cast_vote(case, judge, request.POST.get("seen", ""))
    except KeyError as error:
        raise BadRequest from error
    return redirect(reverse("admin:training_evaluation_arena", args=[pk]))


def find_last_case(evaluation: Evaluation, voter: User) -> Shown | None:
    """What this person judged last, as it was shown, to judge it anew."""
    votes = ArenaVote.objects.filter(case__evaluation=evaluation, voter=voter).select_related("case")
    last = votes.exclude(case__turns=[]).order_by("-case__number").first()
    if last is None:
        return None
    case = last.case
    answers = (case.candidate_reply, case.live_reply)
    left, right = answers if is_candidate_left(case.pk, voter.pk) else answers[::-1]
    return Shown(case, left, right, case.number, list_cases(evaluation, voter).count())


def describe_arena(evaluation: Evaluation, person: User) -> dict[str, Any]:
    """The count is there only for who has judged every case: whoever knows it leans, those who decide no less."""
    in_all = list_cases(evaluation, person).count()
    judged = ArenaVote.objects.filter(case__evaluation=evaluation, voter=person).count()
    count = count_votes(evaluation) if in_all and judged == in_all else None
    told: dict[str, Any] = {"in_all": in_all, "judged": judged, "left": in_all - judged, "count": count}
    if count is not None and not count.missing:
        shares = {"share": count.candidate / count.decided, "low": count.low, "high": count.high}
        told |= {name: round(100 * share) for name, share in shares.items()}
    return told
