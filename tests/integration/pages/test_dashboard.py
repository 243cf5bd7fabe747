"""The first page: few queries, and to each what is theirs."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.models import Feedback
from tests.builders import build_character
from tests.flywheel_pages import INLINE, build_policy
from tests.flywheel_rows import build_answered, build_giver, build_pairs, build_rating, build_staff
from tests.query_plans import explain
from training.cycle.agree import compute_alpha
from training.cycle.dashboard import count_pairs, measure_agreement
from training.cycle.freeze import freeze_snapshot
from training.models import Pair, PairState, Rating, ReviewItem, Snapshot, SnapshotPair

pytestmark = pytest.mark.django_db

YESTERDAY = datetime(2026, 11, 20, tzinfo=UTC)


def test_the_first_page_costs_few_queries_and_shows_the_next_run(client, as_role, django_assert_max_num_queries):
    build_policy()
    as_role("trainer", "reviewer", "annotator")
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(20):
        html = client.get(reverse("admin:index")).content.decode()
    assert "다음 학습" in html
    assert not INLINE.search(html)


def test_pairs_are_counted_once_however_many_snapshots_hold_them():
    character = build_character()
    build_pairs(character, build_staff(), 2)
    freeze_snapshot(character, None)
    other = Snapshot.objects.create(digest="f" * 64, character=character)
    for pair in (pairs := list(Pair.objects.order_by("key"))):
        SnapshotPair.objects.create(snapshot=other, pair=pair, pair_key=pair.key)
    Pair.objects.filter(pk=pairs[0].pk).update(state=PairState.EXCLUDED, exclusion="superseded")
    build_pairs(character, build_staff(), 3)
    with CaptureQueriesContext(connection) as asked:
        (row,) = count_pairs()
    assert (row["active"], row["excluded"], row["fresh"]) == (4, 1, 3)
    # Joined, each pair would come as often as it was frozen, and be sorted out again.
    assert "DISTINCT" not in asked[0]["sql"]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Rating.objects.filter(dt_rated__gte=YESTERDAY), "rating_newest"),
        (Rating.objects.filter(dt_withdrawn__gte=YESTERDAY), "rating_withdrawn"),
        (Feedback.objects.filter(dt_feedback__gte=YESTERDAY), "feedback_newest"),
        (ReviewItem.objects.filter(state__in=["open", "disputed"]), "review_item_unsettled"),
    ],
)
def test_what_is_recent_is_found_by_an_index(rows, index):
    assert index in explain(rows)


def test_an_annotator_sees_the_queue_and_nobodys_figures(client, as_role):
    as_role("annotator")
    shown = client.get(reverse("admin:index")).context["flywheel"]
    assert set(shown) == {"queue", "may_judge", "is_empty"}


def test_agreement_in_sums_is_the_librarys():
    character, people = build_character(), [build_staff(f"rater-{number}") for number in range(3)]
    marks = [(4, 5, 7), (2, 2, None), (9, 8, 9), (6, None, 1)]
    rows = []
    for place, figures in enumerate(marks):
        reply = build_answered(build_giver(), character)
        for person, figure in zip(people, figures, strict=True):
            if figure is not None:
                build_rating(reply, person, overall=figure)
                rows.append((person.login_id, str(place), float(figure)))
    alpha, items = measure_agreement(timezone.now())
    assert alpha == pytest.approx(compute_alpha(rows))
    assert items == 4
