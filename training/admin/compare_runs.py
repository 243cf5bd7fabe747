"""Two to five runs side by side: settings that differ, curves over each other, last held-out figures, and a vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.row_page import RowPageAdmin
from chat.models import User
from training.admin.run_figures import Point, find_last, locate_run, read_figures
from training.cycle.vote_run import count_votes_of_runs, vote_for_run
from training.finetune.config import ConfigError, dump_config, parse_config
from training.models import RunVote, TrainingRun

FEWEST, MOST = 2, 5
LETTERS: Final = "ABCDE"
PLOTS: Final = (
    ("loss", gettext_lazy("손실")),
    ("heldout_loss", gettext_lazy("손실 (떼어 둔 것)")),
    ("margin", gettext_lazy("보상 차이")),
    ("heldout_margin", gettext_lazy("보상 차이 (떼어 둔 것)")),
    ("accuracy", gettext_lazy("정확도")),
    ("heldout_accuracy", gettext_lazy("정확도 (떼어 둔 것)")),
)
FINAL: Final = (
    ("heldout_loss", gettext_lazy("떼어 둔 대화의 손실"), min),
    ("heldout_margin", gettext_lazy("떼어 둔 쌍의 보상 차이"), max),
    ("heldout_accuracy", gettext_lazy("떼어 둔 쌍의 정확도"), max),
    ("heldout_perplexity", gettext_lazy("떼어 둔 대화의 혼란도"), min),
    ("loss", gettext_lazy("학습 손실"), min),
    ("peak_memory_mib", gettext_lazy("가장 많이 쓴 메모리(MiB)"), min),
)
"""Key, name, and which of several figures is the best."""


def show_comparison(page: RowPageAdmin, request: HttpRequest) -> HttpResponse:
    runs = get_runs(page, request, request.GET.getlist("run"))
    figures = {run.pk: read_figures(locate_run(run)) for run in runs}
    votes = count_votes_of_runs([run.pk for run in runs])
    own = RunVote.objects.filter(voter=request.user.pk, run__in=runs).values_list("run", flat=True)
    columns = [
        {"run": run, "letter": letter, "votes": votes.get(run.pk, 0), "is_own": run.pk in own}
        for run, letter in zip(runs, LETTERS, strict=False)
    ]
    return page.show(
        request,
        "training/compare_runs.html",
        _("나란히 비교"),
        columns=columns,
        settings=compare_settings(runs),
        results=compare_results([figures[run.pk] for run in runs]),
        plots=PLOTS,
        curves={"names": [column["letter"] for column in columns], "runs": [figures[run.pk] for run in runs]},
    )


def vote(page: RowPageAdmin, request: HttpRequest) -> HttpResponse:
    runs = get_runs(page, request, request.POST.getlist("run"))
    chosen = next((run for run in runs if str(run.pk) == request.POST.get("chosen")), None)
    if chosen is None or not isinstance(request.user, User):
        raise BadRequest
    vote_for_run(chosen, [run.pk for run in runs], request.user)
    messages.success(request, _("%(run)s에 한 표를 넣었어요.") % {"run": chosen})
    ids = urlencode({"run": [str(run.pk) for run in runs]}, doseq=True)
    return redirect(f"{reverse('admin:training_trainingrun_compare')}?{ids}")


def get_runs(page: RowPageAdmin, request: HttpRequest, ids: Sequence[str]) -> list[TrainingRun]:
    """In the order asked for. Raises PermissionDenied, BadRequest, Http404."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    try:
        wanted = list(dict.fromkeys(UUID(one) for one in ids))
    except ValueError as error:
        raise BadRequest from error
    if not FEWEST <= len(wanted) <= MOST:
        raise BadRequest
    rows = TrainingRun.objects.select_related("snapshot", "character", "parent").in_bulk(wanted)
    if len(rows) < len(wanted):
        raise Http404
    return [rows[pk] for pk in wanted]


def compare_settings(runs: Sequence[TrainingRun]) -> list[dict[str, Any]]:
    """A row a setting, those that differ first."""
    flat = [describe_settings(run) for run in runs]
    names = sorted({name for one in flat for name in one})
    rows = []
    for name in names:
        values = [one.get(name, "—") for one in flat]
        rows.append({"name": name, "values": values, "differs": len(set(values)) > 1})
    return sorted(rows, key=lambda row: not row["differs"])


def describe_settings(run: TrainingRun) -> dict[str, str]:
    """What it depends on: its data, where it goes on from, and every setting with the preset's filled in."""
    return {
        "snapshot": str(run.snapshot),
        "character": run.character.key,
        "parent": str(run.parent or "—"),
        **flatten_config(resolve_config(run)),
    }


def resolve_config(run: TrainingRun) -> dict[str, Any]:
    """The preset's settings under those that were asked for; these alone where the preset is no more."""
    config: dict[str, Any] = run.config
    try:
        config = dump_config(parse_config({**run.config, "base": ""}))
    except ConfigError:
        return config
    return {name: value for name, value in config.items() if name not in ("base", "template", "parent_adapter")}


def flatten_config(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat |= flatten_config(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return flat


def compare_results(figures: Sequence[list[Point]]) -> list[dict[str, Any]]:
    rows = []
    for key, name, best_of in FINAL:
        values = [find_last(points, key) for points in figures]
        known = [value for value in values if value is not None]
        if known:
            best = best_of(known) if len(set(known)) > 1 else None
            rows.append({"name": name, "cells": [(value, value is not None and value == best) for value in values]})
    return rows
