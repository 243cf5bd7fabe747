"""How one's day goes: how many ratings so far, and at which pace in the last hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from chat.models import User
from training.cycle.lease import list_takeable
from training.models import Rating

PACE_WINDOW: Final = timedelta(hours=1)
FEW: Final = 3
"""From this many ratings on, a pace means something."""
MOST_COUNTED: Final = 100


@dataclass(frozen=True, slots=True)
class Progress:
    today: int
    pace: int | None  # ratings an hour
    waiting: int
    has_more: bool  # more wait than were counted


def measure_progress(annotator: User) -> Progress:
    now = timezone.now()
    ratings = Rating.objects.standing().filter(annotator=annotator)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = list(ratings.filter(dt_rated__gte=now - PACE_WINDOW).values_list("seconds", flat=True))
    worked = sum(seconds)
    waiting = list_takeable(annotator, now)[: MOST_COUNTED + 1].count()
    return Progress(
        today=ratings.filter(dt_rated__gte=midnight).count(),
        pace=round(3600 * len(seconds) / worked) if len(seconds) >= FEW and worked else None,
        waiting=min(waiting, MOST_COUNTED),
        has_more=waiting > MOST_COUNTED,
    )
