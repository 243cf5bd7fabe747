"""The first page: few queries, and to each what is theirs."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.builders import build_character
from tests.flywheel_pages import INLINE, build_policy
from tests.flywheel_rows import build_answered, build_giver, build_rating, build_staff
from training.cycle.agree import compute_alpha
from training.cycle.dashboard import measure_agreement

pytestmark = pytest.mark.django_db


def test_the_first_page_costs_few_queries_and_shows_the_next_run(client, as_role, django_assert_max_num_queries):
    build_policy()
    as_role("trainer", "reviewer", "annotator")
    client.get(reverse("admin:index"))
    with django_assert_max_num_queries(20):
        html = client.get(reverse("admin:index")).content.decode()
    assert "다음 학습" in html
    assert not INLINE.search(html)


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
