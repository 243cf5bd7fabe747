"""What is done to chosen items of the queue at once; the answer says how many were left as they were, and why."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget

from chat.models import User
from training.cycle.assign import MOST_AT_ONCE, LeftOut, Outcome, ask_for_reviews, assign_items, release_items
from training.cycle.lease import RATE
from training.models import ReviewItem

WHY_LEFT_OUT: Final[dict[LeftOut, Promise]] = {
    LeftOut.CLOSED: _("평가를 기다리지 않는 답변"),
    LeftOut.CLINICAL: _("임상 검토자만 볼 수 있는 답변"),
    LeftOut.SEEN: _("맡을 사람이 이미 평가했거나 건너뛴 답변"),
    LeftOut.UNASSIGNED: _("맡은 사람이 없던 답변"),
    LeftOut.WITHDRAWN: _("사용자가 거둔 답변"),
}

MISSING: Final[dict[str, Promise]] = {
    "person": _("누구에게 맡길지 골라 주세요."),
    "needed": _("몇 사람에게 평가를 받을지 골라 주세요."),
}


def list_raters() -> QuerySet[User]:
    """Who may be given an item: everybody with the permission, by themselves or through a group."""
    codename = RATE.partition(".")[2]
    mine = Q(user_permissions__codename=codename, user_permissions__content_type__app_label="training")
    ours = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label="training")
    raters = User.objects.filter(is_active=True, is_staff=True).filter(mine | ours | Q(is_superuser=True))
    return raters.distinct().order_by("login_id")


class QueueActionForm(ActionForm):  # type: ignore[misc]
    person = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label="",
        empty_label=_("누구에게"),
        widget=UnfoldAdminSelectWidget({"class": "mary-assignee", "aria-label": _("맡을 사람")}),
    )
    needed = forms.TypedChoiceField(
        choices=[("", _("몇 사람에게")), *((number, str(number)) for number in range(1, MOST_AT_ONCE + 1))],
        coerce=int,
        empty_value=None,
        required=False,
        label="",
        widget=UnfoldAdminSelectWidget({"class": "mary-assignee", "aria-label": _("필요한 평가 수")}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = list_raters()


@admin.action(description=_("고른 사람에게 맡기기"), permissions=["change"])
def assign(model_admin: Any, request: HttpRequest, items: QuerySet[ReviewItem]) -> None:
    person = _read_choice(model_admin, request, "person")
    if person is None:
        return
    outcome = assign_items(_list_ids(items), person)
    said = ngettext(
        "답변 %(number)d개를 %(person)s 님에게 맡겼어요.",
        "답변 %(number)d개를 %(person)s 님에게 맡겼어요.",
        outcome.changed,
    )
    _tell(model_admin, request, said % {"number": outcome.changed, "person": person}, outcome)


@admin.action(description=_("맡긴 것 거두기"), permissions=["change"])
def release(model_admin: Any, request: HttpRequest, items: QuerySet[ReviewItem]) -> None:
    outcome = release_items(_list_ids(items))
    said = ngettext("맡긴 답변 %(number)d개를 거두었어요.", "맡긴 답변 %(number)d개를 거두었어요.", outcome.changed)
    _tell(model_admin, request, said % {"number": outcome.changed}, outcome)


@admin.action(description=_("필요한 평가 수 바꾸기"), permissions=["change"])
def ask_reviews(model_admin: Any, request: HttpRequest, items: QuerySet[ReviewItem]) -> None:
    needed = _read_choice(model_admin, request, "needed")
    if needed is None:
        return
    outcome = ask_for_reviews(_list_ids(items), needed)
    said = ngettext(
        "답변 %(number)d개는 이제 평가가 %(needed)d개씩 필요해요.",
        "답변 %(number)d개는 이제 평가가 %(needed)d개씩 필요해요.",
        outcome.changed,
    )
    _tell(model_admin, request, said % {"number": outcome.changed, "needed": needed}, outcome)


def _read_choice(model_admin: Any, request: HttpRequest, name: str) -> Any:
    """None, and told so, where nothing was chosen, or something that was not offered."""
    form = QueueActionForm(request.POST)
    form.is_valid()
    choice = form.cleaned_data.get(name)
    if choice is None:
        model_admin.message_user(request, MISSING[name], messages.ERROR)
    return choice


def _list_ids(items: QuerySet[ReviewItem]) -> list[Any]:
    return list(items.values_list("pk", flat=True))


def _tell(model_admin: Any, request: HttpRequest, said: str, outcome: Outcome) -> None:
    left = sum(outcome.left_out.values())
    if left:
        why = ", ".join(f"{WHY_LEFT_OUT[reason]} {number}" for reason, number in outcome.left_out.items())
        kept = ngettext("%(number)d개는 그대로 두었어요: %(why)s.", "%(number)d개는 그대로 두었어요: %(why)s.", left)
        said = f"{said} {kept % {'number': left, 'why': why}}"
    model_admin.message_user(request, said, messages.WARNING if left else messages.SUCCESS)
