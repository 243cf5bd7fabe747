"""Retraining by schedule, with the line that says why the next run will start or will not.

A standing yes to its snapshots is given by the person whose yes it is, and by nobody for them.
"""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from chat.admin.row_page import get_person
from training.admin.policy_form import PolicyForm
from training.cycle.foresee import APPROVE, tell
from training.cycle.schedule import delete_policy, describe_next, save_policy
from training.models import RetrainPolicy

CHANGE: Final = "training.change_retrainpolicy"


@admin.register(RetrainPolicy)
class RetrainPolicyAdmin(ModelAdmin):  # type: ignore[misc]
    form = PolicyForm
    change_form_outer_before_template = "training/policy_top.html"
    shown = (
        *("minimum_new_pairs", "cooldown_hours", "preset", "changes"),
        *("show_approver", "show_refusal", "dt_checked"),
    )
    readonly_fields = ("show_approver", "show_refusal", "dt_checked")
    list_display = ("character", "is_enabled", "crontab", "show_next", "dt_checked")
    list_select_related = ("character", "crontab")

    class Media:
        css = {"all": ["training/css/flywheel.css"]}  # noqa: RUF012 - Django's way

    def has_view_permission(self, request: HttpRequest, obj: RetrainPolicy | None = None) -> bool:
        user: Any = request.user
        return bool(super().has_view_permission(request, obj) or user.has_perm(APPROVE))

    def get_fields(self, request: HttpRequest, obj: RetrainPolicy | None = None) -> tuple[str, ...]:
        may_change = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        clock = ("at", "weekdays") if may_change else ("crontab",)
        return ("character", "is_enabled", *clock, *self.shown)

    @admin.display(description=gettext_lazy("다음 학습"))
    def show_next(self, policy: RetrainPolicy) -> str:
        return describe_policy(policy) if policy.pk else "—"

    @admin.display(description=gettext_lazy("스냅샷을 미리 승인한 사람"))
    def show_approver(self, policy: RetrainPolicy) -> str:
        return policy.approver.login_id if policy.approver else _("없음: 새 스냅샷은 누군가 승인할 때까지 기다려요.")

    @admin.display(description=gettext_lazy("지난번에 시작하지 않은 까닭"))
    def show_refusal(self, policy: RetrainPolicy) -> str:
        return tell(policy.last_refusal) or "—"

    def save_model(self, request: HttpRequest, obj: RetrainPolicy, form: Any, change: bool) -> None:
        obj.crontab = form.get_crontab()
        save_policy(obj)

    def delete_model(self, request: HttpRequest, obj: RetrainPolicy) -> None:
        delete_policy(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RetrainPolicy]) -> None:
        for policy in queryset:
            delete_policy(policy)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.stand))
        return [path("<int:pk>/stand/", view, name="training_retrainpolicy_stand"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        policy = self.get_object(request, object_id) if object_id else None
        standing = {"standing": describe_standing(request, policy) if policy else None}
        answer = super().changeform_view(request, object_id, form_url, {**standing, **(extra_context or {})})
        return cast(HttpResponse, answer)

    def stand(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give one's own standing yes, or take it back; who keeps the schedule may take back anybody's."""
        person: Any = request.user
        if not person.has_perm(APPROVE) and not person.has_perm(CHANGE):
            raise PermissionDenied
        policy = get_object_or_404(RetrainPolicy, pk=pk)
        if request.POST.get("gives") == "yes":
            policy.approver = get_person(request, APPROVE)
            messages.success(request, _("이 예약이 만드는 스냅샷을 미리 승인했어요."))
        elif policy.approver_id == person.pk or person.has_perm(CHANGE):
            policy.approver = None
            messages.success(request, _("미리 한 승인을 거두었어요."))
        else:
            raise PermissionDenied
        policy.save(update_fields=["approver"])
        return redirect(reverse("admin:training_retrainpolicy_change", args=[policy.pk]))


def describe_policy(policy: RetrainPolicy) -> str:
    """One line: when the clock rings next, and what will come of it."""
    told = describe_next(policy)
    if told.when is None:
        return told.why
    when = timezone.localtime(told.when).strftime("%Y-%m-%d %H:%M")
    words = {"when": when, "why": told.why}
    if told.starts is None:
        return _("%(when)s에 확인해요. %(why)s") % words
    return (_("%(when)s에 시작해요. %(why)s") if told.starts else _("%(when)s에 시작하지 않아요. %(why)s")) % words


def describe_standing(request: HttpRequest, policy: RetrainPolicy) -> dict[str, Any]:
    person: Any = request.user
    is_own = policy.approver_id == person.pk
    return {
        "url": reverse("admin:training_retrainpolicy_stand", args=[policy.pk]),
        "next": describe_policy(policy),
        "may_give": policy.approver_id is None and person.has_perm(APPROVE),
        "may_take": policy.approver_id is not None and (is_own or person.has_perm(CHANGE)),
    }
