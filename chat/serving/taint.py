"""Mark an adapter that learned from words which were withdrawn: what serves goes on, nothing new begins with it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from chat.models import Adapter, Release, ReleaseState

REASON_CHARACTERS = 200


@transaction.atomic
def taint_adapter(adapter: Adapter, *, reason: str) -> None:
    """Idempotent. An open release of it is refused; a live one stays until another takes its place."""
    locked = Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=adapter.pk)
    if locked.is_tainted:
        return
    locked.is_tainted = True
    locked.taint_reason = reason[:REASON_CHARACTERS]
    locked.dt_tainted = timezone.now()
    locked.save(update_fields=["is_tainted", "taint_reason", "dt_tainted"])
    Release.objects.filter(adapter=locked).open().update(
        state=ReleaseState.REFUSED, refusal_code="tainted", dt_ended=timezone.now()
    )
