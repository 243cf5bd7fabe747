"""What experts did, to look at: ratings, and who opened a raw text."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.admin.read_only import ReadOnlyAdmin
from chat.models import User
from training.cycle.lease import list_readable
from training.models import Rating, RatingReason, RawAccess, ReviewItem


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    """The correction is the expert's own text over a pseudonymised one, and shows as long as that one may be read."""

    fields = (
        *("id", "item", "annotator", "overall", "scores", "show_reasons", "correction", "is_both_bad", "comment"),
        *("is_authoritative", "is_clinical", "seconds", "version", "dt_rated", "dt_withdrawn"),
    )
    readonly_fields = ("show_reasons",)
    list_display = (
        *("dt_rated", "annotator", "overall", "show_reasons", "has_correction"),
        *("is_authoritative", "seconds", "version", "stands"),
    )
    list_filter = ("is_authoritative", ("annotator", admin.RelatedOnlyFieldListFilter), "dt_rated")
    list_select_related = ("annotator",)
    ordering = ("-dt_rated",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        items = list_readable(ReviewItem.objects.of_consenting_users(), cast(User, request.user))
        return cast("QuerySet[Rating]", super().get_queryset(request).filter(item__in=items))

    @display(description=_("까닭"), label=True)  # type: ignore[untyped-decorator]
    def show_reasons(self, rating: Rating) -> list[str]:
        return [str(RatingReason(reason).label) for reason in rating.reasons]

    @display(description=_("고침"), boolean=True)  # type: ignore[untyped-decorator]
    def has_correction(self, rating: Rating) -> bool:
        return bool(rating.correction)

    @display(description=_("유효"), boolean=True)  # type: ignore[untyped-decorator]
    def stands(self, rating: Rating) -> bool:
        return rating.dt_withdrawn is None


@admin.register(RawAccess)
class RawAccessAdmin(ReadOnlyAdmin):
    fields = ("id", "user", "dialog_id", "reader", "reason", "dt_opened")
    list_display = ("dt_opened", "reader", "user", "reason")
    list_filter = (("reader", admin.RelatedOnlyFieldListFilter), "dt_opened")
    list_select_related = ("reader", "user")
