"""What is decided about chosen items at once: who gets them, how many look at each, and what is left as it was."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.annotation_builders import build_expert, build_item
from training.cycle.assign import LeftOut, ask_for_reviews, assign_items, release_items
from training.cycle.lease import skip, take_next
from training.cycle.rate import RatingAct, rate_reply
from training.cycle.review_refusals import ReviewRefused
from training.models import ItemState, Rating, ReviewItem

pytestmark = pytest.mark.django_db

QUEUE = "admin:training_reviewitem_changelist"


@pytest.fixture
def ann():
    return build_expert("ann")


@pytest.fixture
def boss(client):
    reviewer = build_expert("boss", "reviewer")
    client.force_login(reviewer)
    return reviewer


def choose(client, action: str, items: list[ReviewItem], **choices: str) -> str:
    form = {"action": action, "_selected_action": [str(item.pk) for item in items], **choices}
    answer = client.post(f"{reverse(QUEUE)}?state=all", form, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def build_hindered(ann) -> list[ReviewItem]:
    """One that ann may not read, one that she rated, one that she skipped, one that is finished."""
    rated, skipped = build_item("rated", needed=2), build_item("skipped")
    Rating.objects.create(item=rated, annotator=ann, overall=7)
    skip(skipped.pk, ann, "unsure")
    done = build_item("done", state=ItemState.DONE, dt_done=timezone.now())
    return [build_item("crisis", needs_clinical=True), rated, skipped, done]


def test_items_that_a_person_cannot_rate_are_not_given_to_them(ann):
    free, *hindered = build_item(), *build_hindered(ann)
    outcome = assign_items([item.pk for item in (free, *hindered)], ann)
    assert (outcome.changed, outcome.left_out) == (1, {LeftOut.CLOSED: 1, LeftOut.CLINICAL: 1, LeftOut.SEEN: 2})
    assert ReviewItem.objects.get(assigned_to=ann) == free


def test_nothing_is_given_to_somebody_without_the_role():
    item = build_item()
    with pytest.raises(ReviewRefused, match="not_allowed"):
        assign_items([item.pk], build_expert("tom", "trainer"))
    assert ReviewItem.objects.get().assigned_to is None


def test_who_gives_items_reads_how_many_stayed_and_why(client, boss, ann):
    said = choose(client, "assign", [build_item(), *build_hindered(ann)], person=str(ann.pk))
    assert "답변 1개를 ann 님에게 맡겼어요." in said
    # The crisis turn is not in the list of somebody who may not read it.
    assert "3개는 그대로 두었어요: 평가를 기다리지 않는 답변 1, 맡을 사람이 이미 평가했거나 건너뛴 답변 2." in said


def test_taking_back_leaves_what_nobody_has(client, boss, ann):
    said = choose(client, "release", [build_item("mina", assigned_to=ann), build_item("bora")])
    assert said == "맡긴 답변 1개를 거두었어요. 1개는 그대로 두었어요: 맡은 사람이 없던 답변 1."
    assert not ReviewItem.objects.exclude(assigned_to=None).exists()


def test_one_item_is_not_given_by_its_form_to_somebody_who_rated_it(client, boss, ann):
    item = build_item(needed=2)
    Rating.objects.create(item=item, annotator=ann, overall=7)
    page = reverse("admin:training_reviewitem_change", args=[item.pk])
    answer = client.post(page, {"needed": 2, "assigned_to": str(ann.pk)})
    assert "이 사람에게는 맡길 수 없어요: 맡을 사람이 이미 평가했거나 건너뛴 답변." in answer.content.decode()
    assert ReviewItem.objects.get().assigned_to is None


def test_chosen_items_are_looked_at_by_as_many_as_is_asked_for(client, boss, ann):
    items = [build_item("mina"), build_item("bora", needed=2)]
    rate_reply(take_next(ann).pk, ann, RatingAct(overall=7))
    said = choose(client, "ask_reviews", items, needed="3")
    assert said == "답변 2개는 이제 평가가 3개씩 필요해요."
    assert set(ReviewItem.objects.values_list("needed", "state")) == {(3, ItemState.OPEN)}


@pytest.mark.parametrize("needed", ["", "0", "4", "x"])
def test_no_other_number_is_taken(client, boss, needed):
    choose(client, "ask_reviews", [build_item()], needed=needed)
    assert ReviewItem.objects.get().needed == 1


def test_asking_for_fewer_finishes_what_has_enough(ann):
    item = build_item(needed=3)
    Rating.objects.create(item=item, annotator=ann, overall=7)
    assert ask_for_reviews([item.pk], 1).changed == 1
    assert ReviewItem.objects.get().state == ItemState.DONE


def test_what_its_user_took_back_stays_so():
    item = build_item(state=ItemState.WITHDRAWN)
    assert ask_for_reviews([item.pk], 2).left_out == {LeftOut.WITHDRAWN: 1}
    assert (ReviewItem.objects.get().state, ReviewItem.objects.get().needed) == (ItemState.WITHDRAWN, 1)


def test_what_is_finished_can_be_taken_back_from_its_person(ann):
    item = build_item(assigned_to=ann, state=ItemState.DONE, dt_done=timezone.now())
    assert release_items([item.pk]).changed == 1
