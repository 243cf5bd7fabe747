"""Where a queued reply stands in line."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from chat.models import InferenceWorker, Reply, ReplyState


def list_positions(reply_ids: Collection[UUID]) -> dict[UUID, int]:
    """Position (1 = next) of those of the given replies that are still queued; one query for all."""
    line = Reply.objects.filter(state=ReplyState.QUEUED).annotate(
        position=Window(RowNumber(), order_by=[F("dt_queued").asc(), F("pk").asc()])
    )
    return {pk: position for pk, position in line.values_list("pk", "position") if pk in reply_ids}


def is_any_worker_alive() -> bool:
    return InferenceWorker.objects.alive().exists()
