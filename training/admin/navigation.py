"""The admin's sidebar: to each member of staff what they may open, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as word

from training.admin.arena import MAY_JUDGE
from training.admin.lineage import SEES_LINEAGE
from training.cycle.lease import RATE

PAGES: Final = (
    (
        word("평가"),
        (
            ("training.ReviewItem", "inbox", word("평가할 답변")),
            ("training.Rating", "star", word("평가 기록")),
            ("training.RawAccess", "visibility", word("원문 열람")),
        ),
    ),
    (
        word("학습"),
        (
            ("training.Pair", "compare_arrows", word("선호 쌍")),
            ("training.Snapshot", "inventory_2", word("스냅샷")),
            ("training.TrainingRun", "model_training", word("학습")),
            ("training.RetrainPolicy", "event_repeat", word("재학습 예약")),
            ("training.Evaluation", "rule", word("관문 심사")),
            ("chat.Adapter", "layers", word("어댑터")),
            ("chat.Release", "rocket_launch", word("배포")),
            ("training.Withdrawal", "undo", word("철회")),
        ),
    ),
    (
        word("사용자와 동의"),
        (
            ("chat.User", "group", word("사용자")),
            ("chat.Consent", "handshake", word("동의 기록")),
            ("auth.Group", "badge", word("역할")),
            ("account.EmailAddress", "mail", word("전자우편")),
            ("authtoken.TokenProxy", "key", word("API 토큰")),
        ),
    ),
    (
        word("서비스"),
        (
            ("chat.Character", "face", word("캐릭터")),
            ("chat.Counsel", "forum", word("상담방")),
            ("chat.Dialog", "chat", word("대화")),
            ("chat.Reply", "chat_bubble", word("답변")),
            ("chat.InferenceWorker", "memory", word("추론 워커")),
            ("django_celery_beat.PeriodicTask", "schedule", word("예약 작업")),
        ),
    ),
)
"""Groups of (model, icon, title), in the order of the day's work."""


def list_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for title, pages in PAGES:
        first = [] if groups else list(_list_rating_pages(request))
        groups.append({"title": _(title), "separator": bool(groups), "items": first + _list_items(request, pages)})
    _mark_open_page(groups, request.path)
    return [group for group in groups if group["items"]]


def leave_out_inline_colors(request: HttpRequest) -> dict[str, Any]:
    return {"colors": None}


def _list_rating_pages(request: HttpRequest) -> Iterator[dict[str, Any]]:
    user: Any = request.user
    if user.has_perm(RATE):
        yield _build_item("rate_review", _("평가하기"), reverse("admin:training_rate"))
    if user.has_perm("training.view_rating"):
        yield _build_item("handshake", _("평가자 일치도"), reverse("admin:training_agreement"))
    if any(user.has_perm(permission) for permission in MAY_JUDGE):
        yield _build_item("balance", _("블라인드 비교"), reverse("admin:training_arena"))
    if user.has_perm(SEES_LINEAGE):
        yield _build_item("account_tree", _("계보"), reverse("admin:training_lineage"))


def _list_items(request: HttpRequest, pages: tuple[tuple[str, str, str], ...]) -> list[dict[str, Any]]:
    return [
        _build_item(icon, _(title), reverse(f"admin:{label.replace('.', '_').lower()}_changelist"))
        for label, icon, title in pages
        if _may_open(request, label)
    ]


def _may_open(request: HttpRequest, label: str) -> bool:
    model = apps.get_model(label)
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)


def _build_item(icon: str, title: str, link: str) -> dict[str, Any]:
    return {"icon": icon, "title": title, "link": link, "active": False}


def _mark_open_page(groups: list[dict[str, Any]], path: str) -> None:
    """The longest link that the address begins with: one page's address can begin with another's."""
    items = [item for group in groups for item in group["items"] if path.startswith(item["link"])]
    if items:
        max(items, key=lambda item: len(item["link"]))["active"] = True
