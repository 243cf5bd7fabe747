"""Receipts of what was withdrawn, and whether a clean adapter stands in the place of the tainted one yet."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.admin.read_only import ReadOnlyAdmin
from training.models import Withdrawal

COLORS: Final = {"done": "success", "waiting": "warning", "nothing": "default"}


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    fields = (
        *("id", "cause", "pairs_removed", "items_removed", "snapshots", "adapters"),
        *("dt_withdrawn", "dt_retrained"),
    )
    list_display = ("dt_withdrawn", "cause", "pairs_removed", "items_removed", "count_adapters", "show_retraining")
    list_filter = ("cause", "dt_retrained")
    date_hierarchy = "dt_withdrawn"

    @admin.display(description=_("표시한 어댑터"))
    def count_adapters(self, receipt: Withdrawal) -> int:
        return len(receipt.adapters)

    @display(description=_("다시 학습"), label=COLORS)  # type: ignore[untyped-decorator]
    def show_retraining(self, receipt: Withdrawal) -> Any:
        if not receipt.adapters:
            return "nothing", _("필요 없음")
        if receipt.dt_retrained:
            return "done", receipt.dt_retrained.strftime("%Y-%m-%d")
        return "waiting", _("기다리는 중")
