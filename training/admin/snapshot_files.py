"""A snapshot as a file for download, and a file as a snapshot: first looked at, then taken as a whole or not at all."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path, PurePath
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from chat.admin.row_page import RowPageAdmin
from chat.models import Character, User
from training.cycle.exchange import Inspected, export_snapshot, import_snapshot, inspect_import
from training.cycle.lease import REVIEW_CRISIS
from training.cycle.refusals import TrainingRefused
from training.models import Snapshot

EXPORTED: Final = {
    "ours": gettext_lazy("내마리 JSONL (모두 담겨요)"),
    "trl-preference": gettext_lazy("TRL 선호 쌍 (가중치와 일치도는 빠져요)"),
    "trl-conversational": gettext_lazy("TRL 대화 (쌍은 빠져요)"),
    "alpaca": gettext_lazy("Alpaca (쌍은 빠져요)"),
    "sharegpt": gettext_lazy("ShareGPT (쌍은 빠져요)"),
}
MOST_BYTES: Final = 256 * 2**20
SUFFIXES: Final = (".jsonl", ".json")


def export_files(snapshot: Snapshot, format_name: str, person: User) -> Any:
    """A ZIP of both sides. Raises TrainingRefused."""
    with tempfile.TemporaryDirectory(prefix="export-") as place:
        export_snapshot(snapshot, Path(place), format_name, with_clinical=person.has_perm(REVIEW_CRISIS))
        archive = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(Path(place).iterdir()):
                packed.write(file, file.name)
    archive.seek(0)
    return FileResponse(archive, as_attachment=True, filename=f"{snapshot}-{format_name}.zip")


class ImportForm(forms.Form):
    character = forms.ModelChoiceField(
        Character.objects.order_by("position"),
        to_field_name="key",
        label=gettext_lazy("캐릭터"),
        widget=UnfoldAdminSelectWidget,
    )
    file = forms.FileField(
        label=gettext_lazy("파일"),
        help_text=gettext_lazy("내마리 JSONL, TRL, Alpaca, ShareGPT 형식을 알아봐요. 256 MiB까지 받아요."),
    )
    is_dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label=gettext_lazy("살펴보기만 하고 저장하지 않기"),
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if PurePath(file.name or "").suffix.lower() not in SUFFIXES:
            raise ValidationError(_(".jsonl이나 .json 파일을 골라 주세요."), code="suffix")
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(_("파일이 너무 커요. 256 MiB 아래로 나누어 주세요."), code="too_large")
        return file


def show_import(page: RowPageAdmin, request: HttpRequest, person: User) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    inspected: Inspected | None = None
    if request.method == "POST" and form.is_valid():
        character = form.cleaned_data["character"]
        try:
            with tempfile.TemporaryDirectory(prefix="import-") as place:
                path = store(form.cleaned_data["file"], Path(place))
                inspected = inspect_import(path, character)
                if inspected.is_clean and not form.cleaned_data["is_dry_run"]:
                    snapshot = import_snapshot(path, character, person)
                    messages.success(request, _("가져왔어요. 다른 분이 승인하면 학습에 쓸 수 있어요."))
                    return page.go_to(snapshot)
        except TrainingRefused as refusal:
            messages.error(request, refusal.message)
    codes = inspected.fault_codes.most_common() if inspected else []
    context = {"form": form, "inspected": inspected, "codes": codes}
    return page.show(request, "training/snapshot_import.html", _("파일에서 가져오기"), **context)


def store(file: UploadedFile[bytes], folder: Path) -> Path:
    """Under the last part of its own name, which the snapshot remembers."""
    path = folder / (PurePath(file.name or "").name or "import.jsonl")
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path
