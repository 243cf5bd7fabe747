"""The wish for a run: an approved snapshot, a preset, and the few settings that people change, with room for others."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from training.cycle.run_refusals import RunRefused
from training.cycle.train import check_config
from training.finetune.presets import PRESETS
from training.models import Snapshot, SnapshotState

DEFAULT_PRESET: Final = "starter-dpo"
NUMBERS: Final = (
    ("epochs", forms.IntegerField, gettext_lazy("에폭")),
    ("max_steps", forms.IntegerField, gettext_lazy("최대 단계 (0은 에폭만큼)")),
    ("learning_rate", forms.FloatField, gettext_lazy("학습률")),
    ("beta", forms.FloatField, gettext_lazy("beta (DPO)")),
    ("rank", forms.IntegerField, gettext_lazy("LoRA rank")),
    ("seed", forms.IntegerField, gettext_lazy("시드")),
)
OF_LORA: Final = ("rank",)


def list_presets() -> list[tuple[str, str]]:
    return [(name, f"{name} ({preset.get('method', '')})") for name, preset in PRESETS.items()]


class SnapshotField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Snapshot) -> str:
        pairs = _("쌍 %(number)d개") % {"number": obj.counts.get("pairs", 0)}
        return f"{obj} · {obj.character.local_name} · {pairs}"


class RunForm(forms.Form):
    snapshot = SnapshotField(
        Snapshot.objects.filter(state=SnapshotState.APPROVED).select_related("character"),
        label=gettext_lazy("승인된 스냅샷"),
        widget=UnfoldAdminSelectWidget,
    )
    preset = forms.ChoiceField(
        choices=list_presets, initial=DEFAULT_PRESET, label=gettext_lazy("프리셋"), widget=UnfoldAdminSelectWidget
    )
    others = forms.JSONField(
        required=False,
        initial=dict,
        label=gettext_lazy("그 밖의 설정"),
        help_text=gettext_lazy('JSON으로 적어 주세요. 예: {"warmup": 0.05, "lora": {"alpha": 32}}'),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind, label in NUMBERS:
            widget = UnfoldAdminIntegerFieldWidget(attrs={"step": "any", "placeholder": _("프리셋대로")})
            self.fields[name] = kind(required=False, label=label, widget=widget)
        self.order_fields(["snapshot", "preset", *(name for name, _kind, _label in NUMBERS), "others"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        others = cleaned.get("others") or {}
        if not isinstance(others, dict):
            raise ValidationError(_("설정 이름과 값을 JSON 객체로 적어 주세요."), code="no_object")
        if "preset" in cleaned:
            cleaned["config"] = config = {**others, **self._collect(others), "preset": cleaned["preset"]}
            try:
                check_config(config)
            except RunRefused as refusal:
                raise ValidationError(refusal.message, code=refusal.code) from refusal
        return cleaned

    def _collect(self, others: dict[str, Any]) -> dict[str, Any]:
        """The fields that were filled in, as the trainer spells them."""
        given = {name: self.cleaned_data.get(name) for name, _kind, _label in NUMBERS}
        given = {name: value for name, value in given.items() if value is not None}
        lora = {name: given.pop(name) for name in OF_LORA if name in given}
        nested = others.get("lora")
        if lora:
            given["lora"] = {**(nested if isinstance(nested, dict) else {}), **lora}
        return given
