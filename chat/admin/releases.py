"""Releases: each decision to serve an adapter, how its trial goes, and the way back with one button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from chat.admin.release_ends import RATE_NAMES, describe_end
from chat.admin.row_page import Page, RowPageAdmin, get_person, locate_lineage
from chat.models import Character, Release, ReleaseState
from chat.serving.canary import RATES
from chat.serving.refusals import ServingRefused, describe_refusal
from chat.serving.roll_back import RolledBack, find_former, has_way_back, roll_back

MAY_DECIDE: Final = "training.promote"
SEEN_WITH: Final = (MAY_DECIDE, "training.view_evaluation", "chat.view_adapter")
REASON_CHARACTERS: Final = 500
SERVING: Final = (ReleaseState.VERIFYING, ReleaseState.CANARY, ReleaseState.LIVE)
COLORS: Final = {
    ReleaseState.LIVE: "success",
    ReleaseState.CANARY: "info",
    ReleaseState.VERIFYING: "info",
    ReleaseState.REFUSED: "danger",
    ReleaseState.ROLLED_BACK: "warning",
    ReleaseState.SUPERSEDED: "default",
}


def may_see_serving(request: HttpRequest) -> bool:
    user: Any = request.user
    return any(user.has_perm(permission) for permission in SEEN_WITH)


def may_decide(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.has_perm(MAY_DECIDE))


def describe_voices(request: HttpRequest) -> list[dict[str, Any]]:
    """Of each character: what speaks, since when, and what waits to."""
    releases = Release.objects.filter(state__in=SERVING).select_related("adapter")
    by_character: dict[Any, dict[str, Release]] = {}
    for release in releases:
        place = "live" if release.state == ReleaseState.LIVE else "open"
        by_character.setdefault(release.character_id, {})[place] = release
    return [
        {
            "character": character,
            "may_decide": may_decide(request),
            "has_way_back": "live" in (found := by_character.get(character.pk, {})) and has_way_back(found["live"]),
            **found,
        }
        for character in Character.objects.order_by("position")
    ]


@admin.register(Release)
class ReleaseAdmin(RowPageAdmin):
    row_template = "admin/release.html"
    list_display = ("__str__", "character", "show_state", "canary_percent", "decided_by", "dt_decided", "dt_ended")
    list_filter = ("character", "state")
    list_select_related = ("character", "adapter", "decided_by")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_serving(request)

    def has_view_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        return may_see_serving(request)

    @display(description=gettext_lazy("상태"), label=COLORS, ordering="state")  # type: ignore[untyped-decorator]
    def show_state(self, release: Release) -> Any:
        return release.state, release.get_state_display()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        top = {"list_top": "admin/voices.html", "voices": describe_voices(request)}
        return super().changelist_view(request, {**top, **(extra_context or {})})

    def list_pages(self) -> Sequence[Page]:
        return [("<uuid:pk>/roll-back/", self.roll_back_release, "chat_release_roll_back")]

    def describe(self, request: HttpRequest, row: Release) -> dict[str, Any]:
        return {
            "adapter_name": name_adapter(row),
            "end_reason": describe_end(row.end_reason),
            "refusal": describe_refusal(row.refusal_code, row.refusal_detail) if row.refusal_code else "",
            "workers": sorted(row.figures.get("workers", {}).items()),
            "rates": describe_rates(row),
            "wanted": settings.MARY_CANARY_REPLIES,
            "may_roll_back": row.state in SERVING and may_decide(request) and has_way_back(row),
            "lineage": locate_lineage("adapter", row.adapter_id) if row.adapter_id else "",
        }

    def roll_back_release(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """First the question with the reason, then the deed."""
        person = get_person(request, MAY_DECIDE)
        release: Release = self.get_row(request, pk)
        reason = request.POST.get("reason", "").strip()[:REASON_CHARACTERS]
        if request.method != "POST" or not reason:
            return self._ask(request, release)
        try:
            done = roll_back(release.pk, decided_by=person, reason=reason)
        except ServingRefused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, describe_change(done))
        return self.go_to(release)

    def _ask(self, request: HttpRequest, release: Release) -> HttpResponse:
        names = {"character": release.character.local_name, "adapter": name_adapter(release)}
        if release.state == ReleaseState.LIVE:
            names["former"] = name_adapter(find_former(release))
            sentences = [
                _("지금 %(character)s의 답을 쓰는 것: %(adapter)s. 되돌리면 바로 다음 답부터: %(former)s.") % names
            ]
            if trial := Release.objects.of(release.character).open().select_related("adapter").first():
                sentences.append(_("내보내던 %(adapter)s 어댑터도 함께 거둬요.") % {"adapter": name_adapter(trial)})
        else:
            sentences = [
                _("%(character)s에게 내보내던 %(adapter)s 어댑터를 거둬요. 지금 쓰는 것은 그대로예요.") % names
            ]
        return self.show(
            request,
            "admin/confirm.html",
            _("배포 되돌리기"),
            question=_("정말 되돌릴까요?"),
            sentences=[*sentences, _("쓰고 있던 답변은 끊기지 않고 끝까지 이어져요.")],
            asks_reason=True,
            is_danger=True,
            yes=_("배포 되돌리기"),
            back=reverse("admin:chat_release_change", args=[release.pk]),
        )


def name_adapter(release: Release | None) -> str:
    return release.adapter.name if release and release.adapter else _("어댑터 없는 바탕 모델")


def describe_change(done: RolledBack) -> str:
    if done.release.dt_live is None:
        return _("내보내기를 그만뒀어요.")
    if done.release.character.adapter:
        change = _("되돌렸어요. 다음 답변부터 이전 어댑터가 말해요.")
    else:
        change = _("되돌렸어요. 다음 답변부터 어댑터 없이 바탕 모델이 말해요.")
    if done.trial is None:
        return change
    return f"{change} {_('내보내던 %(adapter)s 어댑터도 거뒀어요.') % {'adapter': name_adapter(done.trial)}}"


def describe_rates(release: Release) -> list[dict[str, Any]]:
    """A row for each rate of the trial: how often with the new one, with the live one, and how sure it is worse."""
    figures = release.figures.get("rates", {})
    limit = len(RATES) / settings.MARY_CANARY_FALSE_ALARM
    return [
        {
            "name": RATE_NAMES.get(rate, rate),
            "canary": describe_arm(figures[rate]["canary"]),
            "live": describe_arm(figures[rate]["live"]),
            "evidence": figures[rate]["evidence"],
            "limit": limit,
            "is_worse": figures[rate]["evidence"] >= limit,
        }
        for rate in RATES
        if rate in figures
    ]


def describe_arm(arm: Sequence[int]) -> str:
    bad, total = arm
    return f"{bad} / {total} ({100 * bad / total:.1f} %)" if total else "0 / 0"
