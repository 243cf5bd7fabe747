"""The queue: what waits for experts and why, who has it, how far it is; and the ways into the rating screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from chat.models import User
from training.admin import rating_pages as pages
from training.admin.agreement import show_agreement
from training.admin.queue_actions import WHY_LEFT_OUT, QueueActionForm, ask_reviews, assign, list_raters, release
from training.cycle.assign import sort_for
from training.cycle.lease import RATE, list_readable, lock_item
from training.cycle.settle import settle_item
from training.models import ItemState, ReviewItem, ReviewLease
from training.models.items import QueueReason


class StateFilter(admin.SimpleListFilter):
    """What is finished shows only on request."""

    title = _("상태")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((key, str(name)) for key, name in ItemState.choices), ("all", gettext("모두"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
        if self.value() in ItemState.values:
            return queryset.filter(state=self.value())
        return queryset if self.value() == "all" else queryset.filter(state__in=[ItemState.OPEN, ItemState.DISPUTED])

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": gettext("남은 것")}
        yield from others


class ReasonFilter(admin.SimpleListFilter):
    title = _("까닭")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, str(name)) for key, name in QueueReason.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
        return queryset.filter(reasons__contains=[self.value()]) if self.value() else queryset


class ReviewItemForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_assigned_to(self) -> User | None:
        """An item waits for nobody but its person, so that one must be able to rate it."""
        person: User | None = self.cleaned_data["assigned_to"]
        if person is not None and "assigned_to" in self.changed_data:
            _, left_out = sort_for(ReviewItem.objects.filter(pk=self.instance.pk), person)
            if left_out:
                why = ", ".join(str(WHY_LEFT_OUT[reason]) for reason in left_out)
                raise forms.ValidationError(gettext("이 사람에게는 맡길 수 없어요: %(why)s."), params={"why": why})
        return person


@admin.register(ReviewItem)
class ReviewItemAdmin(ModelAdmin):  # type: ignore[misc]
    form = ReviewItemForm
    fields = ("id", "show_reasons", "priority", "state", "show_character", "needs_clinical", "assigned_to", "needed")
    readonly_fields = ("id", "show_reasons", "priority", "state", "show_character", "needs_clinical")
    list_display = (
        *("show_place", "show_state", "show_reasons", "show_priority", "show_character"),
        *("show_ratings", "show_holder", "show_queued", "show_way"),
    )
    list_filter = (
        *(StateFilter, ReasonFilter, "needs_clinical", ("assigned_to", admin.RelatedOnlyFieldListFilter)),
        "reply__dialog__counsel__character",
    )
    list_filter_sheet = False
    list_before_template = "training/queue_head.html"
    list_per_page = 25
    ordering = ("-priority", "dt_queued")
    action_form = QueueActionForm
    actions = (assign, release, ask_reviews)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        def guard(view: pages.View) -> pages.View:
            return cast(pages.View, self.admin_site.admin_view(view))

        return [
            path("rate/", guard(pages.show_rating), name="training_rate"),
            path("rate/next/", guard(pages.give_next), name="training_rate_next"),
            path("rate/undo/", guard(pages.undo_rating), name="training_rate_undo"),
            path("rate/<uuid:item_id>/save/", guard(pages.save_rating), name="training_rate_save"),
            path("rate/<uuid:item_id>/skip/", guard(pages.skip_item), name="training_rate_skip"),
            path("rate/<uuid:item_id>/hold/", guard(pages.hold_item), name="training_rate_hold"),
            path("agreement/", guard(show_agreement), name="training_agreement"),
            path("decide/<uuid:item_id>/", guard(pages.show_dispute), name="training_decide"),
            path("decide/<uuid:item_id>/save/", guard(pages.save_decision), name="training_decide_save"),
            path("raw/<uuid:item_id>/", guard(pages.show_raw), name="training_raw"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReviewItem]:
        leases = ReviewLease.objects.filter(dt_until__gt=timezone.now()).select_related("annotator")
        items: QuerySet[ReviewItem] = ReviewItem.objects.of_consenting_users()
        items = list_readable(items, cast(User, request.user))
        items = items.select_related("reply__dialog__counsel__character", "assigned_to")
        items = items.prefetch_related(Prefetch("leases", leases, to_attr="live_leases"))
        items = items.annotate(standing=Count("ratings", filter=Q(ratings__dt_withdrawn__isnull=True)))
        return cast("QuerySet[ReviewItem]", items.order_by(*self.ordering))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        given = {"queryset": list_raters()} if db_field.name == "assigned_to" else {}
        return super().formfield_for_foreignkey(db_field, request, **{**kwargs, **given})

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: ReviewItem, form: Any, change: bool) -> None:
        """Under the row's lock, and only what was edited: experts may have rated since the form was opened."""
        item = lock_item(obj.pk)
        for name in form.changed_data:
            setattr(item, name, form.cleaned_data[name])
        item.save(update_fields=form.changed_data)
        settle_item(item)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        numbers = {state: ReviewItem.objects.of_consenting_users().filter(state=state).count() for state in ItemState}
        head = {"numbers": numbers, "may_rate": _may(request, RATE)}
        return super().changelist_view(request, {**head, **(extra_context or {})})

    @display(description=_("답변"))  # type: ignore[untyped-decorator]
    def show_place(self, item: ReviewItem) -> str:
        return str(item.pk)[:8]

    @display(  # type: ignore[untyped-decorator]
        description=_("상태"),
        ordering="state",
        label={ItemState.OPEN: "info", ItemState.DISPUTED: "warning", ItemState.DONE: "success"},
    )
    def show_state(self, item: ReviewItem) -> tuple[str, str]:
        return item.state, item.get_state_display()

    @display(description=_("까닭"), label=True)  # type: ignore[untyped-decorator]
    def show_reasons(self, item: ReviewItem) -> list[str]:
        return [str(QueueReason(reason).label) for reason in item.reasons]

    @display(description=_("우선순위"), ordering="priority")  # type: ignore[untyped-decorator]
    def show_priority(self, item: ReviewItem) -> str:
        return f"{item.priority:g}"

    @display(description=_("캐릭터"))  # type: ignore[untyped-decorator]
    def show_character(self, item: ReviewItem) -> str:
        return item.reply.dialog.counsel.character.local_name

    @display(description=_("평가"), ordering="standing")  # type: ignore[untyped-decorator]
    def show_ratings(self, item: ReviewItem) -> str:
        return f"{item.standing}/{item.needed}"  # type: ignore[attr-defined]

    @display(description=_("맡은 사람"))  # type: ignore[untyped-decorator]
    def show_holder(self, item: ReviewItem) -> str:
        holders = [gettext("%(name)s (보는 중)") % {"name": lease.annotator} for lease in item.live_leases]  # type: ignore[attr-defined]
        return ", ".join([*([str(item.assigned_to)] if item.assigned_to else []), *holders]) or "–"

    @display(description=_("들어온 때"), ordering="dt_queued")  # type: ignore[untyped-decorator]
    def show_queued(self, item: ReviewItem) -> str:
        return date_format(timezone.localtime(item.dt_queued), "SHORT_DATETIME_FORMAT")

    @display(description="")  # type: ignore[untyped-decorator]
    def show_way(self, item: ReviewItem) -> SafeString | str:
        if item.state != ItemState.DISPUTED:
            return ""
        way = reverse("admin:training_decide", args=[item.pk])
        return format_html('<a class="mary-way" href="{}">{}</a>', way, gettext("정하기"))


def _may(request: HttpRequest, permission: str) -> bool:
    return cast(User, request.user).has_perm(permission)
