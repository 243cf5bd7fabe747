"""The rating screen and what it sends. Views hand cleaned input to one flow each and answer with the next item.

Every answer of a sending view is JSON: the next item as HTML, or a refusal with its code and text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from chat.admin.row_page import get_person
from chat.models import User
from training.admin.act_body import read_act, read_body
from training.admin.progress import measure_progress
from training.admin.screen import build_screen
from training.cycle.lease import RATE, renew, skip, take_next
from training.cycle.rate import ADJUDICATE, adjudicate, check_may_read, find_dispute, rate_reply
from training.cycle.read_raw import READ_RAW, read_raw
from training.cycle.review_refusals import ReviewRefused
from training.cycle.undo import undo_last
from training.models import ItemState, Rating, ReviewItem, SkipReason

View = Callable[..., HttpResponse]
MOST_ATTEMPTS = 5


def answer_refusals(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied:
            return _answer_refusal(ReviewRefused("not_allowed"))
        except ReviewRefused as refusal:
            return _answer_refusal(refusal)

    return cast(View, never_cache(wrapped))


def _answer_refusal(refusal: ReviewRefused) -> JsonResponse:
    error = {"code": refusal.code, "message": refusal.message}
    return JsonResponse({"error": error}, status=403 if refusal.code == "not_allowed" else 409)


@never_cache
@require_GET
def show_rating(request: HttpRequest) -> HttpResponse:
    expert = get_person(request, RATE)
    page = {**admin.site.each_context(request), "title": _("평가하기"), "skips": SkipReason.choices}
    return render(request, "training/rate.html", {**page, **_describe_next(expert, take_next(expert))})


@require_POST
@answer_refusals
def save_rating(request: HttpRequest, item_id: UUID) -> HttpResponse:
    expert = get_person(request, RATE)
    rate_reply(item_id, expert, read_act(read_body(request.body)))
    return _answer_next(request, expert)


@require_POST
@answer_refusals
def skip_item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    expert = get_person(request, RATE)
    skip(item_id, expert, str(read_body(request.body).get("reason", "")))
    return _answer_next(request, expert)


@require_POST
@answer_refusals
def undo_rating(request: HttpRequest) -> HttpResponse:
    expert = get_person(request, RATE)
    return _answer(request, _describe_next(expert, undo_last(expert) or take_next(expert)))


@require_POST
@answer_refusals
def hold_item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    return JsonResponse({"is_held": renew(item_id, get_person(request, RATE))})


@require_POST
@answer_refusals
def give_next(request: HttpRequest) -> HttpResponse:
    return _answer_next(request, get_person(request, RATE))


@never_cache
@require_GET
def show_dispute(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """The same screen for a reviewer, with what the others said beside it."""
    reviewer = get_person(request, ADJUDICATE)
    item = ReviewItem.objects.select_related("reply__dialog__counsel__character").filter(pk=item_id).first()
    if item is None:
        return redirect("admin:training_reviewitem_changelist")
    try:
        check_may_read(item, reviewer)
        screen = build_screen(item, reviewer)
    except ReviewRefused as refusal:
        raise PermissionDenied(refusal.message) from refusal
    opinions = Rating.objects.standing().filter(item=item).select_related("annotator").order_by("dt_rated")
    context = {**admin.site.each_context(request), "title": _("의견 정하기"), "screen": screen, "opinions": opinions}
    return render(request, "training/rate.html", context)


@require_POST
@answer_refusals
def save_decision(request: HttpRequest, item_id: UUID) -> HttpResponse:
    reviewer = get_person(request, ADJUDICATE)
    adjudicate(item_id, reviewer, read_act(read_body(request.body)))
    return JsonResponse({"is_decided": True, "next": _locate_next_dispute(reviewer)})


@never_cache
def show_raw(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """First the question why; the text only in the answer to it, which no browser keeps."""
    reader = get_person(request, READ_RAW)
    item = ReviewItem.objects.select_related("reply__dialog__counsel__character").filter(pk=item_id).first()
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("원문 열기")}
    context |= {"item": item, "back": _locate_item(item, reader)}
    if request.method == "POST":
        context["reason"] = request.POST.get("reason", "")
        try:
            context["turns"] = read_raw(item_id, reader, context["reason"])
        except ReviewRefused as refusal:
            context["error"] = refusal.message
    return render(request, "training/raw.html", context)


def _locate_next_dispute(reviewer: User) -> str:
    """The page of the next one, or the list, which says that none is left."""
    item = find_dispute(reviewer)
    if item is None:
        return f"{reverse('admin:training_reviewitem_changelist')}?state={ItemState.DISPUTED}"
    return reverse("admin:training_decide", args=[item.pk])


def _locate_item(item: ReviewItem | None, expert: User) -> str:
    """Where this person has the item in front of them: what is open is rated, what was rated is decided."""
    if item is None or item.state == ItemState.OPEN or not expert.has_perm(ADJUDICATE):
        return reverse("admin:training_rate")
    return reverse("admin:training_decide", args=[item.pk])


def _answer_next(request: HttpRequest, expert: User) -> HttpResponse:
    return _answer(request, _describe_next(expert, take_next(expert)))


def _answer(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    html = render_to_string("training/rate_item.html", context, request)
    return JsonResponse({"html": html, "is_empty": context["screen"] is None})


def _describe_next(expert: User, item: ReviewItem | None) -> dict[str, Any]:
    """A room that is deleted between taking its item and reading it takes the item along: then the next one is it."""
    screen = None
    for _attempt in range(MOST_ATTEMPTS):
        if item is None:
            break
        try:
            screen = build_screen(item, expert)
            break
        except ReviewRefused:
            item = take_next(expert)
    return {"screen": screen, "progress": measure_progress(expert)}
