"""The flywheel in figures, for the first page of the admin: aggregates in SQL, one query a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.db.models.functions import TruncDate, TruncWeek
from django.utils import timezone
from django.utils.translation import get_language

from chat.models import Feedback
from training.cycle.arena import CONFIDENCE
from training.gate.wilson import compute_wilson
from training.models import ArenaChoice, ArenaVote, ItemState, Pair, PairState, Rating, ReviewItem, SnapshotPair

RATING_DAYS: Final = 14
AGREEMENT_DAYS: Final = 90
THUMB_WEEKS: Final = 12
SHOWN_ADAPTERS: Final = 6
SHOWN_ARENAS: Final = 8


@dataclass(frozen=True, slots=True)
class Curves:
    """`lines`: by name one figure for each of `labels`; None where there was nothing to count."""

    labels: list[str]
    lines: dict[str, list[float | None]]


def count_ratings(now: datetime) -> Curves:
    """Ratings of each person on each of the last days."""
    days = [timezone.localdate(now) - timedelta(days=back) for back in reversed(range(RATING_DAYS))]
    rows = (
        Rating.objects.standing()
        .filter(dt_rated__gte=now - timedelta(days=RATING_DAYS))
        .annotate(day=TruncDate("dt_rated"))
        .values_list("annotator__login_id", "day")
        .annotate(number=Count("pk"))
    )
    return _spread(((name or "—", day, number) for name, day, number in rows), days, empty=0)


def measure_agreement(now: datetime) -> tuple[float | None, int]:
    """Krippendorff's α of the overall marks (interval distance), and on how many items it stands.

    In sums it is 1 − Σ n·s²/N ÷ S² over the items' n marks with variance s², and all N with S²; agree.compute_alpha
    says the same from single marks.
    """
    marks = Rating.objects.standing().filter(
        overall__isnull=False, is_authoritative=False, dt_rated__gte=now - timedelta(days=AGREEMENT_DAYS)
    )
    items = marks.values("item").annotate(n=Count("pk"), s=Sum("overall"), q=Sum(F("overall") * F("overall")))
    return compute_alpha_from_sums(list(items.filter(n__gte=2).values_list("n", "s", "q")))


def compute_alpha_from_sums(items: list[tuple[int, int, int]]) -> tuple[float | None, int]:
    """`items`: for each its number of marks, their sum and the sum of their squares."""
    n_all, s_all, q_all = (sum(item[place] for item in items) for place in range(3))
    if n_all < 2 or n_all * q_all == s_all * s_all:
        return None, len(items)
    within = sum(n * (q - s * s / n) / (n - 1) for n, s, q in items) / n_all
    between = (q_all - s_all * s_all / n_all) / (n_all - 1)
    return 1 - within / between, len(items)


def count_queue() -> dict[str, Any]:
    waiting = Q(state=ItemState.OPEN)
    return ReviewItem.objects.filter(state__in=[ItemState.OPEN, ItemState.DISPUTED]).aggregate(
        open=Count("pk", filter=waiting),
        clinical=Count("pk", filter=waiting & Q(needs_clinical=True)),
        disputed=Count("pk", filter=Q(state=ItemState.DISPUTED)),
        oldest=Min("dt_queued", filter=waiting),
    )


def count_pairs() -> list[dict[str, Any]]:
    """By character: usable in form, left out, and in no snapshot yet."""
    active, is_frozen = Q(state=PairState.ACTIVE), Exists(SnapshotPair.objects.filter(pair=OuterRef("pk")))
    rows = Pair.objects.values("character__character_name", "character__character_name_en").annotate(
        active=Count("pk", filter=active),
        excluded=Count("pk", filter=~active),
        fresh=Count("pk", filter=Q(active, ~is_frozen)),
    )
    in_english = get_language() == "en"
    return [
        {**row, "name": row["character__character_name_en"] if in_english else row["character__character_name"]}
        for row in rows.order_by("character__position")
    ]


def count_thumbs(now: datetime) -> Curves:
    """The share of thumbs up, in per cent, of each adapter in each week; the busiest adapters only."""
    today = timezone.localdate(now)
    monday = today - timedelta(days=today.weekday())
    weeks = [monday - timedelta(weeks=back) for back in reversed(range(THUMB_WEEKS))]
    rows = list(
        Feedback.objects.filter(dt_feedback__gte=now - timedelta(weeks=THUMB_WEEKS))
        .exclude(reply__adapter="")
        .annotate(week=TruncWeek("dt_feedback"))
        .values_list("reply__adapter", "week")
        .annotate(up=Count("pk", filter=Q(value=Feedback.Value.UP)), number=Count("pk"))
    )
    totals: dict[str, int] = defaultdict(int)
    for adapter, _week, _up, number in rows:
        totals[adapter] += number
    busiest = sorted(totals, key=lambda adapter: -totals[adapter])[:SHOWN_ADAPTERS]
    shares = ((name, week.date(), round(100 * up / all_)) for name, week, up, all_ in rows if name in busiest)
    return _spread(shares, weeks, empty=None)


def list_win_rates() -> list[dict[str, Any]]:
    """Of the newest arenas: how often the candidate won among the votes that chose, with Wilson's interval."""
    rows = (
        ArenaVote.objects.values("case__evaluation", "case__evaluation__candidate__name")
        .annotate(
            wins=Count("pk", filter=Q(choice=ArenaChoice.CANDIDATE)),
            decided=Count("pk", filter=Q(choice__in=[ArenaChoice.CANDIDATE, ArenaChoice.LIVE])),
            votes=Count("pk"),
            dt_asked=Min("case__evaluation__dt_queued"),
        )
        .order_by("-dt_asked")[:SHOWN_ARENAS]
    )
    return [
        {
            **row,
            "evaluation": row["case__evaluation"],
            "adapter": row["case__evaluation__candidate__name"],
            "share": round(100 * row["wins"] / row["decided"]) if row["decided"] else None,
            "interval": tuple(round(100 * end) for end in compute_wilson(row["wins"], row["decided"], CONFIDENCE)),
        }
        for row in rows
    ]


def _spread(rows: Iterable[tuple[str, date, float]], days: list[date], *, empty: float | None) -> Curves:
    lines: dict[str, list[float | None]] = {}
    places = {day: place for place, day in enumerate(days)}
    for name, day, figure in rows:
        line = lines.setdefault(name, [empty] * len(days))
        if day in places:
            line[places[day]] = figure
    return Curves([f"{day:%m-%d}" for day in days], dict(sorted(lines.items())))
