"""Training runs: list, read, start, cancel. For people who may start runs; to everybody else it is forbidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.base import ApiView, get_user
from chat.api.documented import documented
from chat.api.errors import answer_error
from chat.errors import ChatError
from training.api import shapes
from training.cycle.run_refusals import RUN_ERRORS, RunRefused, describe_in_both
from training.cycle.train import ask_for_run, cancel_run
from training.models import Snapshot, TrainingRun
from training.models.runs import RunTrigger

CONFLICTS: Final = ("already_asked", "run_over", "snapshot_not_approved", "snapshot_rejected", "snapshot_tainted")


class MayStartRuns(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.has_perm("training.start_run")


class RunView(ApiView):
    permission_classes = (MayStartRuns,)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return answer_run_error


def answer_run_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Refusals of the flywheel in the shape of all others."""
    if not isinstance(error, RunRefused):
        return answer_error(error, context)
    words = {language: f"{text} {error.detail}".strip() for language, text in describe_in_both(error.code).items()}
    return Response({"error": {"code": error.code, "message": words}}, status=409 if error.code in CONFLICTS else 400)


class RunList(RunView):
    @documented({200: shapes.RunList}, 400, parameters=(shapes.RunQuery,), operation_id="list_runs")
    def get(self, request: Request) -> Response:
        query = shapes.RunQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        runs = TrainingRun.objects.select_related("character", "snapshot", "adapter")
        if state := query.validated_data.get("state"):
            runs = runs.filter(state=state)
        return Response({"results": [dump_run(run) for run in runs[: query.validated_data["limit"]]]})

    @documented({201: shapes.RunShape}, 409, body=shapes.NewRun, operation_id="start_run")
    def post(self, request: Request) -> Response:
        """The run waits for its turn; one trains at a time."""
        wanted = shapes.NewRun(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        snapshot = Snapshot.objects.filter(pk=given["snapshot_id"]).first()
        if snapshot is None:
            raise ChatError("not_found")
        config = {**given["changes"], "preset": given["preset"]}
        run = ask_for_run(snapshot, by=get_user(request), trigger=RunTrigger.API, config=config)
        return Response(dump_run(run), status=201)


class RunDetail(RunView):
    @documented({200: shapes.RunShape}, operation_id="get_run")
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(dump_run(get_run(run_id)))


class RunCancel(RunView):
    @documented({200: shapes.RunShape}, 409, operation_id="cancel_run")
    def post(self, request: Request, run_id: UUID) -> Response:
        """A waiting run ends at once, a running one within seconds."""
        return Response(dump_run(cancel_run(get_run(run_id), get_user(request))))


def get_run(run_id: UUID) -> TrainingRun:
    run = TrainingRun.objects.select_related("character", "snapshot", "adapter").filter(pk=run_id).first()
    if run is None:
        raise ChatError("not_found")
    return run


def dump_run(run: TrainingRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "character": run.character.key,
        "snapshot_id": run.snapshot_id,
        "snapshot_digest": run.snapshot.digest,
        "state": run.state,
        "trigger": run.trigger,
        "attempt": run.attempt,
        "config": run.config,
        "progress": run.progress,
        "is_cancel_requested": run.dt_cancel_requested is not None,
        "error": dump_error(run.error_code),
        "adapter": run.adapter.name if run.adapter is not None else None,
        "dt_queued": run.dt_queued,
        "dt_started": run.dt_started,
        "dt_finished": run.dt_finished,
    }


def dump_error(code: str) -> dict[str, Any] | None:
    return {"code": code, "message": describe_in_both(code)} if code in RUN_ERRORS else None
