"""The first page of the admin: to each member of staff the figures of their own work, and the pages they may open."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.admin.arena import MAY_JUDGE
from training.admin.policies import describe_policy
from training.cycle.dashboard import (
    count_pairs,
    count_queue,
    count_ratings,
    count_thumbs,
    list_win_rates,
    measure_agreement,
)
from training.models import RetrainPolicy

SEES_PEOPLE: Final = "training.view_rating"
SEES_PAIRS: Final = "training.view_pair"
SEES_ADAPTERS: Final = "training.view_evaluation"
SEES_POLICIES: Final = "training.view_retrainpolicy"
MAY_RATE: Final = "training.rate"


def describe_flywheel(request: HttpRequest) -> dict[str, Any]:
    """What this person may see of it; questions that they may not ask are not asked of the database either."""
    user: Any = request.user
    now = timezone.now()
    shown: dict[str, Any] = {"may_judge": any(user.has_perm(permission) for permission in MAY_JUDGE)}
    if user.has_perm(MAY_RATE):
        shown["queue"] = count_queue()
    if user.has_perm(SEES_PEOPLE):
        shown["ratings"] = asdict(count_ratings(now))
        shown["alpha"], shown["alpha_items"] = measure_agreement(now)
    if user.has_perm(SEES_PAIRS):
        shown["pairs"] = count_pairs()
    if user.has_perm(SEES_ADAPTERS):
        shown["thumbs"] = asdict(count_thumbs(now))
        shown["wins"] = list_win_rates()
    if user.has_perm(SEES_POLICIES):
        policies = RetrainPolicy.objects.select_related("character", "crontab", "approver")
        shown["policies"] = [(policy, describe_policy(policy)) for policy in policies]
    return {**shown, "is_empty": not any(shown.values())}


def show_index(index: Any, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    context = {"flywheel": describe_flywheel(request), **(extra_context or {})}
    answer: HttpResponse = index(request, context)
    return answer


admin.site.index_template = "training/dashboard.html"
admin.site.index_title = _("오늘의 내마리")
admin.site.index = partial(show_index, admin.site.index)  # type: ignore[method-assign,assignment]
