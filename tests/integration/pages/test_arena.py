"""The blind arena: no names, no count before the end, every choice once."""

import pytest
from django.urls import reverse

from tests.flywheel_pages import build_evaluation, open_page
from tests.flywheel_rows import build_staff
from training.cycle.arena import FEWEST_DECIDED, cast_vote, count_votes
from training.models import ArenaVote, Evaluation

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


def test_whoever_decides_sees_no_count_before_judging_either(client, as_role):
    evaluation = build_evaluation(cases=1)
    cast_vote(evaluation.cases.get(), build_staff(), "left")
    as_role("trainer")
    page = reverse("admin:training_evaluation_change", args=[evaluation.pk])
    assert "mm-figures" not in client.get(page).content.decode()
    client.post(reverse("admin:training_evaluation_vote", args=[evaluation.pk]), {"case": 1, "seen": "tie"})
    assert "mm-figures" in client.get(page).content.decode()


def test_replies_of_the_arena_are_named_only_to_whoever_has_judged_them(client, as_role):
    worst = {"group": "heldout", "prompt": "힘들어요", "candidate": "그 답", "live": "이 답", "wrong": []}
    evaluation = build_evaluation(cases=1, report={"verdict": "passed", "worst": [worst]})
    trainer = as_role("trainer")
    html = open_page(client, evaluation)
    assert "그 답" not in html
    assert "다 고른 뒤에 보여요" in html
    cast_vote(evaluation.cases.get(), trainer, "tie")
    assert "그 답" in open_page(client, evaluation)


def test_cases_that_were_taken_back_are_waited_for_by_nobody(client, as_role):
    evaluation = build_evaluation(cases=2)
    voter = as_role("annotator")
    url = reverse("admin:training_evaluation_arena", args=[evaluation.pk])
    client.post(f"{url}vote/", {"case": 1, "seen": "left"})
    evaluation.cases.update(turns=[], candidate_reply="", live_reply="")
    assert client.get(url).context["arena"]["left"] == 0
    assert client.get(url, {"again": 1}).context["shown"] is None
    (arena,) = client.get(reverse("admin:training_arena")).context["arenas"]
    assert (arena.in_all, arena.judged) == (1, ArenaVote.objects.filter(voter=voter).count())


def vote_on(evaluation: Evaluation, number: int, *choices: str) -> None:
    case = evaluation.cases.get(number=number)
    for choice in choices:
        ArenaVote.objects.create(case=case, voter=build_staff(), choice=choice, is_candidate_left=True)


def test_several_votes_on_one_case_are_one_word_about_it():
    evaluation = build_evaluation(cases=4)
    vote_on(evaluation, 1, "candidate", "candidate", "live")
    vote_on(evaluation, 2, "live", "candidate")
    vote_on(evaluation, 3, "both_bad")
    vote_on(evaluation, 4, *["live"] * 9)
    count = count_votes(evaluation)
    assert (count.candidate, count.live, count.tie, count.both_bad) == (1, 1, 1, 1)


@pytest.mark.parametrize("decided", [4, FEWEST_DECIDED])
def test_a_handful_of_cases_stops_no_adapter_and_the_page_says_how_many_are_needed(client, as_role, decided):
    evaluation = build_evaluation(cases=decided)
    trainer = as_role("trainer")
    for number in range(1, decided + 1):
        vote_on(evaluation, number, "live")
        cast_vote(evaluation.cases.get(number=number), trainer, "tie")
        vote_on(evaluation, number, "live")
    html = open_page(client, evaluation)
    is_enough = decided == FEWEST_DECIDED
    assert count_votes(evaluation).is_candidate_worse is is_enough
    assert ("8개 더 있어야" in html) is not is_enough
    assert ("지금 것이 더 나았어요" in html) is is_enough


@pytest.mark.parametrize("wish", [{"case": "x", "seen": "left"}, {"case": "1", "seen": "candidate"}])
def test_a_handmade_vote_is_refused(client, as_role, wish):
    evaluation = build_evaluation(cases=1)
    as_role("annotator")
    answer = client.post(reverse("admin:training_evaluation_vote", args=[evaluation.pk]), wish)
    assert answer.status_code == 400
    assert not ArenaVote.objects.exists()
