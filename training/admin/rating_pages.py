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
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from chat.models import User
from training.admin.act_body import read_act, read_body
from training.admin.progress import measure_progress
from training.admin.screen import build_screen
from training.cycle.lease import RATE, renew, skip, take_next
from training.cycle.rate import ADJUDICATE, adjudicate, check_may_read, rate_reply
from training.cycle.read_raw import READ_RAW, read_raw
from training.cycle.review_refusals import ReviewRefused
from training.cycle.undo import undo_last
from training.models import Rating, ReviewItem, SkipReason

View = Callable[..., HttpResponse]
MOST_ATTEMPTS = 5


def answer_refusals(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ReviewRefused as refusal:
            error = {"code": refusal.code, "message": refusal.message}
            return JsonResponse({"error": error}, status=403 if refusal.code == "not_allowed" else 409)

    return cast(View, never_cache(wrapped))


@never_cache
@require_GET
def show_rating(request: HttpRequest) -> HttpResponse:
    expert = _get_expert(request, RATE)
    page = {**admin.site.each_context(request), "title": _("평가하기"), "skips": SkipReason.choices}
    return render(request, "training/rate.html", {**page, **_describe_next(expert, take_next(expert))})


@require_POST
@answer_refusals
def save_rating(request: HttpRequest, item_id: UUID) -> HttpResponse:
    expert = _get_expert(request, RATE)
    rate_reply(item_id, expert, read_act(read_body(request.body)))
    return _answer_next(request, expert)


@require_POST
@answer_refusals
def skip_item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    expert = _get_expert(request, RATE)
    skip(item_id, expert, str(read_body(request.body).get("reason", "")))
    return _answer_next(request, expert)


@require_POST
@answer_refusals
def undo_rating(request: HttpRequest) -> HttpResponse:
    expert = _get_expert(request, RATE)
    return _answer(request, _describe_next(expert, undo_last(expert) or take_next(expert)))


@require_POST
@answer_refusals
def hold_item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    return JsonResponse({"is_held": renew(item_id, _get_expert(request, RATE))})


@require_POST
@answer_refusals
def give_next(request: HttpRequest) -> HttpResponse:
    return _answer_next(request, _get_expert(request, RATE))


@never_cache
@require_GET
def show_dispute(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """The same screen for a reviewer, with what the others said beside it."""
    reviewer = _get_expert(request, ADJUDICATE)
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
    adjudicate(item_id, _get_expert(request, ADJUDICATE), read_act(read_body(request.body)))
    return JsonResponse({"is_decided": True})


@never_cache
def show_raw(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """First the question why; the text only in the answer to it, which no browser keeps."""
    reader = _get_expert(request, READ_RAW)
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("원문 열기"), "item_id": item_id}
    if request.method == "POST":
        context["reason"] = request.POST.get("reason", "")
        try:
            context["turns"] = read_raw(item_id, reader, context["reason"])
        except ReviewRefused as refusal:
            context["error"] = refusal.message
    return render(request, "training/raw.html", context)


def _get_expert(request: HttpRequest, permission: str) -> User:
    user = cast(User, request.user)
    if not user.has_perm(permission):
        raise PermissionDenied
    return user


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
