"""The form of a schedule: a time of day and weekdays, which become one of django-celery-beat's crontabs."""

from __future__ import annotations

from datetime import time
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy
from django_celery_beat.models import CrontabSchedule
from unfold.widgets import INPUT_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from training.admin.run_form import list_presets
from training.cycle.run_refusals import RunRefused
from training.cycle.train import check_config
from training.models import RetrainPolicy

USUAL_TIME: Final = time(3, 0)
WEEKDAYS: Final = (
    ("1", gettext_lazy("월")),
    ("2", gettext_lazy("화")),
    ("3", gettext_lazy("수")),
    ("4", gettext_lazy("목")),
    ("5", gettext_lazy("금")),
    ("6", gettext_lazy("토")),
    ("0", gettext_lazy("일")),
)
"""In cron's numbers, from Monday on."""


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    at = forms.TimeField(
        label=gettext_lazy("몇 시에"),
        widget=forms.TimeInput(attrs={"type": "time", "class": " ".join(INPUT_CLASSES)}, format="%H:%M"),
    )
    weekdays = forms.MultipleChoiceField(
        choices=WEEKDAYS, label=gettext_lazy("무슨 요일에"), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    preset = forms.ChoiceField(choices=list_presets, label=gettext_lazy("프리셋"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = RetrainPolicy
        fields = ("character", "is_enabled", "minimum_new_pairs", "cooldown_hours", "preset", "changes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        policy = kwargs.get("instance")
        clock = read_clock(policy.crontab) if policy is not None else {}
        usual = {"at": USUAL_TIME, "weekdays": [key for key, _name in WEEKDAYS]}
        kwargs["initial"] = {**usual, **clock, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        changes = cleaned.get("changes") or {}
        cleaned["changes"] = changes
        try:
            if not isinstance(changes, dict):
                raise RunRefused("config_refused", "an object is expected")
            check_config({"preset": cleaned.get("preset", ""), **changes})
        except RunRefused as refusal:
            self.add_error("changes", refusal.message)
        return cleaned

    def get_crontab(self) -> CrontabSchedule:
        """Of what was filled in; the one that is there, or a new one."""
        at: time = self.cleaned_data["at"]
        days: list[str] = self.cleaned_data["weekdays"]
        is_daily = len(days) == len(WEEKDAYS)
        wanted = {
            "minute": str(at.minute),
            "hour": str(at.hour),
            "day_of_week": "*" if is_daily else ",".join(sorted(days)),
            "day_of_month": "*",
            "month_of_year": "*",
            "timezone": settings.TIME_ZONE,
        }
        return CrontabSchedule.objects.filter(**wanted).first() or CrontabSchedule.objects.create(**wanted)


def read_clock(crontab: CrontabSchedule) -> dict[str, Any]:
    """What the form can show of it; a crontab of another kind was written elsewhere, and its rest stays unshown."""
    clock: dict[str, Any] = {}
    if crontab.hour.isdigit() and crontab.minute.isdigit():
        clock["at"] = time(int(crontab.hour), int(crontab.minute))
    days = crontab.day_of_week.split(",")
    if set(days) <= {key for key, _name in WEEKDAYS}:
        clock["weekdays"] = days
    return clock
