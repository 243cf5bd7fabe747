"""The blind arena: no names, no count before the end, every choice once."""

import pytest
from django.urls import reverse

from tests.flywheel_pages import build_evaluation
from training.models import ArenaVote

pytestmark = pytest.mark.django_db


def test_the_arena_names_no_adapter_and_counts_only_at_the_end(client, as_role):
    evaluation = build_evaluation(cases=2)
    as_role("annotator")
    url = reverse("admin:training_evaluation_arena", args=[evaluation.pk])
    for number in (1, 2):
        html = client.get(url).content.decode()
        assert evaluation.candidate.name not in html
        assert "mm-figures" not in html
        client.post(f"{url}vote/", {"case": number, "seen": "left"})
    assert "mm-figures" in client.get(url).content.decode()


def test_the_last_choice_can_be_made_anew(client, as_role):
    evaluation = build_evaluation(cases=2)
    voter = as_role("annotator")
    url = reverse("admin:training_evaluation_arena", args=[evaluation.pk])
    client.post(f"{url}vote/", {"case": 1, "seen": "both_bad"})
    assert client.get(url, {"again": 1}).context["shown"].case.number == 1
    client.post(f"{url}vote/", {"case": 1, "seen": "tie"})
    assert [vote.choice for vote in ArenaVote.objects.filter(voter=voter)] == ["tie"]


@pytest.mark.parametrize("wish", [{"case": "x", "seen": "left"}, {"case": "1", "seen": "candidate"}])
def test_a_handmade_vote_is_refused(client, as_role, wish):
    evaluation = build_evaluation(cases=1)
    as_role("annotator")
    answer = client.post(reverse("admin:training_evaluation_vote", args=[evaluation.pk]), wish)
    assert answer.status_code == 400
    assert not ArenaVote.objects.exists()
