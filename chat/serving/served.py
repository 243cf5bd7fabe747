"""What an inference worker has to have loaded, and what it is asked to verify, as the rows say."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from chat.models import Adapter, Character, Release, ReleaseState
from chat.serving.settle import CONFIRMED, WORKERS
from chat.serving.stored import StoredAdapter


@dataclass(frozen=True)
class Served:
    stored: list[StoredAdapter]
    unregistered: set[str]  # written into a character's row by hand: looked for in MARY_ADAPTERS_FOLDER


def list_served(worker: str) -> Served:
    """Of every character what is live, what was before it, what some users try, and what may be live at any moment.

    That is what this worker has confirmed: the last other worker's word makes it live.
    """
    names = {name for name in Character.objects.values_list("adapter", flat=True) if name}
    serving = Release.objects.filter(state__in=[ReleaseState.LIVE, ReleaseState.CANARY])
    confirmed = Release.objects.filter(state=ReleaseState.VERIFYING, figures__contains={WORKERS: {worker: CONFIRMED}})
    is_served = (
        Q(name__in=names)
        | Q(pk__in=serving.values("adapter"))
        | Q(pk__in=serving.live().values("previous_adapter"))
        | Q(pk__in=confirmed.values("adapter"))
    )
    stored = [StoredAdapter.of(adapter) for adapter in Adapter.objects.filter(is_served).order_by("name")]
    return Served(stored, names - {adapter.name for adapter in stored})


def list_verifying() -> list[Release]:
    """Oldest first."""
    rows = Release.objects.filter(state=ReleaseState.VERIFYING, adapter__isnull=False)
    return list(rows.select_related("adapter", "character").order_by("dt_decided"))


def is_confirmed_by(release: Release, worker: str) -> bool:
    return bool(release.figures.get(WORKERS, {}).get(worker) == CONFIRMED)
