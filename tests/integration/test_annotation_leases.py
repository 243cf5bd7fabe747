"""Who gets which item: never two people by accident, never what a role or a consent does not allow."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.annotation_builders import build_expert, build_item, take_consent_back
from tests.builders import build_turn
from training.cycle.lease import renew, skip, take_next
from training.cycle.rate import RatingAct, rate_reply
from training.cycle.review_refusals import ReviewRefused
from training.cycle.undo import undo_last
from training.models import ItemState, ReviewItem, ReviewLease, ReviewSkip, Snapshot, SnapshotPair
from training.models.pairs import Pair

pytestmark = pytest.mark.django_db


def run_out(annotator) -> None:
    ReviewLease.objects.filter(annotator=annotator).update(dt_until=timezone.now() - timedelta(seconds=1))


def test_the_most_valuable_item_comes_first_and_stays_until_it_is_done():
    build_item("mina", priority=1.0)
    valuable = build_item("bora", priority=9.0)
    ann = build_expert("ann")
    assert take_next(ann) == take_next(ann) == valuable


def test_two_people_get_two_items_and_a_third_gets_none():
    items = {build_item("mina"), build_item("bora")}
    assert {take_next(build_expert("ann")), take_next(build_expert("ben"))} == items
    assert take_next(build_expert("cho")) is None


def test_an_item_that_needs_two_reviews_goes_to_two_people():
    item = build_item(needed=2)
    assert take_next(build_expert("ann")) == take_next(build_expert("ben")) == item
    assert take_next(build_expert("cho")) is None


def test_a_hold_that_ran_out_frees_the_item():
    item = build_item()
    ann = build_expert("ann")
    take_next(ann)
    run_out(ann)
    assert take_next(build_expert("ben")) == item
    assert not renew(item.pk, ann)


def test_work_renews_the_hold():
    ann = build_expert("ann")
    item = take_next(ann) if build_item() else None
    ReviewLease.objects.update(dt_until=timezone.now() + timedelta(seconds=30))
    assert renew(item.pk, ann)
    assert ReviewLease.objects.get().dt_until > timezone.now() + timedelta(minutes=14)


def test_what_is_given_to_somebody_comes_to_them_first_and_to_nobody_else():
    ann, ben = build_expert("ann"), build_expert("ben")
    build_item("mina", priority=9.0)
    given = build_item("bora", priority=1.0, assigned_to=ann)
    assert take_next(ann) == given
    assert take_next(ben) != given
    assert take_next(build_expert("cho")) is None


def test_an_item_given_to_one_of_two_goes_to_others_when_that_one_has_rated():
    ann, ben = build_expert("ann"), build_expert("ben")
    item = build_item(needed=2, assigned_to=ann)
    assert take_next(ben) is None
    assert take_next(ann) == item
    rate_reply(item.pk, ann, RatingAct(overall=7))
    assert take_next(ben) == item
    assert ReviewItem.objects.get().assigned_to is None


def test_an_item_given_to_the_second_stays_theirs_when_the_first_rates():
    ann, ben = build_expert("ann"), build_expert("ben")
    item = build_item(needed=2)
    take_next(ann)
    ReviewItem.objects.update(assigned_to=ben)
    rate_reply(item.pk, ann, RatingAct(overall=7))
    assert ReviewItem.objects.get().assigned_to == ben


def test_crisis_turns_go_to_clinical_reviewers_only():
    item = build_item(needs_clinical=True)
    assert take_next(build_expert("ann", "annotator", "reviewer")) is None
    assert take_next(build_expert("doc", "clinical_reviewer")) == item


def test_nobody_without_the_role_gets_anything():
    build_item()
    with pytest.raises(ReviewRefused, match="not_allowed"):
        take_next(build_expert("tom", "trainer"))


def test_a_consent_that_is_taken_back_takes_the_item_away_at_once():
    item = build_item()
    ann = build_expert("ann")
    take_next(ann)
    take_consent_back(item.user)
    assert take_next(ann) is None


def test_skipping_passes_the_item_on_with_its_reason():
    ann = build_expert("ann")
    item = build_item(assigned_to=ann)
    take_next(ann)
    skip(item.pk, ann, "too_hard")
    assert take_next(ann) is None
    assert take_next(build_expert("ben")) == item
    assert ReviewSkip.objects.get().reason == "too_hard"


def test_undo_brings_back_a_skip_and_a_rating():
    ann = build_expert("ann")
    first, second = build_item("mina", priority=9.0), build_item("bora", priority=1.0)
    take_next(ann)
    rate_reply(first.pk, ann, RatingAct(overall=7))
    take_next(ann)
    skip(second.pk, ann, "unsure")
    assert [undo_last(ann), undo_last(ann)] == [second, first]
    first.refresh_from_db()
    assert first.state == ItemState.OPEN
    assert take_next(ann) == first
    with pytest.raises(ReviewRefused, match="nothing_to_undo"):
        undo_last(ann)


def test_a_rating_that_a_snapshot_holds_is_not_undone():
    ann, item = build_expert("ann"), build_item()
    take_next(ann)
    rating = rate_reply(item.pk, ann, RatingAct(overall=7))
    dialog = item.reply.dialog
    rows = {"user": item.user, "counsel": dialog.counsel, "dialog": dialog, "character": dialog.counsel.character}
    pair = Pair.objects.create(key="k", kind="correction", chosen="나은 답", rejected="못한 답", **rows)
    pair.ratings.add(rating)
    snapshot = Snapshot.objects.create(digest="d", character=dialog.counsel.character)
    SnapshotPair.objects.create(snapshot=snapshot, pair=pair, pair_key="k")
    with pytest.raises(ReviewRefused, match="already_frozen"):
        undo_last(ann)


def test_an_hour_later_nothing_is_undone():
    ann, item = build_expert("ann"), build_item()
    take_next(ann)
    rating = rate_reply(item.pk, ann, RatingAct(overall=7))
    type(rating).objects.update(dt_rated=timezone.now() - timedelta(minutes=61))
    with pytest.raises(ReviewRefused, match="nothing_to_undo"):
        undo_last(ann)


@pytest.mark.django_db(transaction=True)
def test_eight_people_at_once_never_share_an_item():
    for number in range(4):
        build_item(f"user-{number}")
    experts = [build_expert(f"expert-{number}") for number in range(8)]
    taken: list[ReviewItem | None] = []
    start = threading.Barrier(len(experts))

    def take(expert) -> None:
        start.wait()
        taken.append(take_next(expert))
        connection.close()

    threads = [threading.Thread(target=take, args=[expert]) for expert in experts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [item.pk for item in taken if item is not None]
    assert len(got) == len(set(got)) == 4


def test_a_talk_whose_screen_shows_an_earlier_crisis_goes_to_clinical_reviewers_only():
    item = build_item()
    before = item.reply.dialog
    type(before).objects.filter(pk=before.pk).update(seq=9)
    build_turn(before.counsel, "죽고 싶어요", crisis_level=3)
    assert take_next(build_expert("ann")) is None
    assert take_next(build_expert("doc", "clinical_reviewer")) == item


def test_undoing_takes_the_item_from_nobody():
    ann, ben, item = build_expert("ann"), build_expert("ben"), build_item()
    take_next(ann)
    skip(item.pk, ann, "unsure")
    assert take_next(ben) == item
    assert undo_last(ann) is None
    assert not ReviewSkip.objects.exists()
    assert ReviewLease.objects.get().annotator == ben


def test_undoing_gives_no_item_back_that_needs_nobody_any_more():
    ann, ben, item = build_expert("ann"), build_expert("ben"), build_item(needed=2)
    for expert in (ann, ben):
        take_next(expert)
        rate_reply(item.pk, expert, RatingAct(overall=7))
    ReviewItem.objects.update(needed=1)
    assert undo_last(ann) is None
    item.refresh_from_db()
    assert (item.state, ReviewLease.objects.exists()) == (ItemState.DONE, False)
