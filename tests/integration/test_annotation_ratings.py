"""What a rating stores, what it refuses, and what becomes of the item."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import Dialog, Release, Reply
from tests.annotation_builders import TO_REVIEW, build_expert, build_item, take_consent_back
from tests.builders import build_reply
from tests.flywheel_rows import build_adapter
from training.cycle.lease import take_next
from training.cycle.rate import RatingAct, adjudicate, rate_reply
from training.cycle.read_raw import read_raw
from training.cycle.review_refusals import ReviewRefused
from training.models import ItemState, Rating, RawAccess, ReviewItem

pytestmark = pytest.mark.django_db

BETTER = "잠이 오지 않아 힘드셨겠어요. 어떤 생각이 맴돌았나요?"


@pytest.fixture
def ann():
    return build_expert("ann")


@pytest.fixture
def item(ann) -> ReviewItem:
    """Held by ann."""
    item = build_item("mina", "아까 답이에요. 어땠나요?", "많이 뒤척였겠어요. 무슨 생각이 났나요?")
    take_next(ann)
    return item


def rate(item: ReviewItem, expert, **said) -> Rating:
    return rate_reply(item.pk, expert, RatingAct(**said))


def rate_by_two(**second) -> ReviewItem:
    """One says 9; the other as given."""
    item = build_item(needed=2)
    for login_id, said in {"ann": {"overall": 9}, "ben": second}.items():
        expert = build_expert(login_id)
        take_next(expert)
        rate(item, expert, **said)
    item.refresh_from_db()
    return item


def test_a_correction_and_its_scores_are_one_rating(item, ann):
    rating = rate(
        item, ann, overall=4, scores={"natural": 2}, reasons=("cold",), correction=f"  {BETTER}\r\n", seconds=9
    )
    assert (rating.correction, rating.figures, rating.reasons) == (BETTER, {"natural": 2, "overall": 4}, ["cold"])
    item.refresh_from_db()
    assert (item.state, item.leases.count(), rating.version) == (ItemState.DONE, 0, 1)


def test_the_same_act_twice_is_one_rating_and_a_changed_one_its_next_version(item, ann):
    assert rate(item, ann, overall=7) == rate(item, ann, overall=7, seconds=99)
    assert rate(item, ann, overall=8).version == 2
    assert Rating.objects.get().overall == 8


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "says_nothing"),
        ({"scores": {"natural": 3}}, "says_nothing"),
        ({"overall": 11}, "out_of_scale"),
        ({"overall": 5, "scores": {"has_empathy": 2}}, "out_of_scale"),
        ({"overall": 5, "scores": {"charm": 1}}, "out_of_scale"),
        ({"overall": 5, "reasons": ("ugly",)}, "unknown_reason"),
        ({"overall": 5, "comment": "가" * 1001}, "comment_too_long"),
        ({"correction": "많이  뒤척였겠어요. 무슨 생각이 났나요?"}, "correction_same"),
        ({"correction": " \n "}, "correction_empty"),
    ],
)
def test_what_makes_no_sense_is_refused_and_keeps_the_item(item, ann, said, code):
    with pytest.raises(ReviewRefused, match=code):
        rate(item, ann, **said)
    assert not Rating.objects.exists()
    assert item.leases.exists()


def test_only_an_answer_to_the_same_message_can_be_preferred(item, ann):
    foreign = build_item("bora").reply
    with pytest.raises(ReviewRefused, match="not_a_sibling"):
        rate(item, ann, preferred_reply_id=foreign.pk)
    other = Reply.objects.filter(dialog=item.reply.dialog).exclude(pk=item.reply_id).get()
    assert rate(item, ann, preferred_reply_id=other.pk).preferred_reply == other


def test_a_rating_keeps_which_answers_of_this_message_stood_side_by_side(item, ann):
    other = Reply.objects.filter(dialog=item.reply.dialog).exclude(pk=item.reply_id).get()
    foreign = build_item("bora").reply
    build_reply(item.reply.dialog, "아무도 보지 못한 답이에요. 어떤가요?")
    assert rate(item, ann, overall=7, shown_reply_ids=(foreign.pk, other.pk)).shown_reply_ids == [
        other.pk,
        item.reply_id,
    ]


def test_the_judged_answer_was_always_shown_and_so_was_the_one_taken(item, ann):
    other = Reply.objects.filter(dialog=item.reply.dialog).exclude(pk=item.reply_id).get()
    assert rate(item, ann, overall=7).shown_reply_ids == [item.reply_id]
    assert rate(item, ann, preferred_reply_id=other.pk).shown_reply_ids == [other.pk, item.reply_id]


def test_whoever_does_not_hold_the_item_cannot_rate_it(item):
    with pytest.raises(ReviewRefused, match="lease_lost"):
        rate(item, build_expert("ben"), overall=5)


def test_a_hold_that_ran_out_does_no_harm_while_nobody_took_over(item, ann):
    item.leases.all().delete()
    assert rate(item, ann, overall=5).overall == 5


@pytest.mark.parametrize("kind", TO_REVIEW)
def test_a_consent_taken_back_meanwhile_refuses_the_rating(item, ann, kind):
    take_consent_back(item.user, kind)
    with pytest.raises(ReviewRefused, match="consent_gone"):
        rate(item, ann, overall=5)


def test_ratings_that_agree_finish_the_item():
    assert rate_by_two(overall=7).state == ItemState.DONE


@pytest.mark.parametrize("second", [{"overall": 5}, {"overall": 8, "correction": BETTER}])
def test_ratings_that_differ_are_disputed(second):
    assert rate_by_two(**second).state == ItemState.DISPUTED


def test_a_reviewer_who_has_not_rated_decides_a_dispute_once():
    item = rate_by_two(overall=2)
    boss = build_expert("boss", "reviewer")
    decided = adjudicate(item.pk, boss, RatingAct(overall=3))
    item.refresh_from_db()
    assert (decided.is_authoritative, item.state) == (True, ItemState.DONE)
    assert adjudicate(item.pk, boss, RatingAct(overall=3)) == decided
    with pytest.raises(ReviewRefused, match="already_decided"):
        adjudicate(item.pk, build_expert("chief", "reviewer"), RatingAct(overall=9))


def test_nobody_decides_over_their_own_rating_nor_without_the_role(ann):
    item = rate_by_two_with(ann)
    with pytest.raises(ReviewRefused, match="own_rating"):
        adjudicate(item.pk, build_reviewer_of(ann), RatingAct(overall=3))
    with pytest.raises(ReviewRefused, match="not_allowed"):
        adjudicate(item.pk, build_expert("cho"), RatingAct(overall=3))


def rate_by_two_with(ann) -> ReviewItem:
    item = build_item(needed=2)
    for expert, overall in ((ann, 9), (build_expert("ben"), 2)):
        take_next(expert)
        rate(item, expert, overall=overall)
    return item


def build_reviewer_of(ann):
    ann.is_superuser = True
    ann.save()
    return ann


def test_two_who_send_together_are_both_counted_and_the_pair_is_derived_once(django_capture_on_commit_callbacks, ann):
    item = build_item(needed=1)
    take_next(ann)
    with django_capture_on_commit_callbacks() as bells:
        rate(item, ann, overall=5)
        rate(item, ann, overall=5)
    assert len(bells) == 1


@pytest.mark.django_db(transaction=True)
def test_reviewers_who_decide_together_leave_one_decision():
    item = rate_by_two(overall=2)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def decide(reviewer, overall: int) -> None:
        start.wait()
        try:
            outcomes.append(str(adjudicate(item.pk, reviewer, RatingAct(overall=overall)).overall))
        except ReviewRefused as refusal:
            outcomes.append(refusal.code)
        connection.close()

    reviewers = [build_expert(f"boss-{number}", "reviewer") for number in range(4)]
    threads = [threading.Thread(target=decide, args=[one, place + 1]) for place, one in enumerate(reviewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1:] == ["already_decided"] * 3
    assert Rating.objects.filter(is_authoritative=True).count() == 1


def test_reading_raw_needs_role_and_reason_and_leaves_a_trace(ann):
    item = build_item()
    doc = build_expert("doc", "clinical_reviewer")
    for reader, reason, code in ((ann, "위기 여부를 확인하려고요", "not_allowed"), (doc, "그냥요", "reason_too_short")):
        with pytest.raises(ReviewRefused, match=code):
            read_raw(item.pk, reader, reason)
    assert not RawAccess.objects.exists()
    assert read_raw(item.pk, doc, "위기 여부를 확인하려고요")[-1].message == "잠이 안 와요"
    trace = RawAccess.objects.get()
    assert (trace.user, trace.reader, trace.dialog) == (item.user, doc, item.reply.dialog)


def test_a_decision_is_changed_only_by_whoever_decided_and_while_it_stands(item):
    boss = build_expert("boss", "reviewer")
    Rating.objects.create(item=item, annotator=boss, overall=5, dt_withdrawn=timezone.now())
    with pytest.raises(ReviewRefused, match="not_disputed"):
        adjudicate(item.pk, boss, RatingAct(overall=3))
    Rating.objects.update(is_authoritative=True)
    with pytest.raises(ReviewRefused, match="not_disputed"):
        adjudicate(item.pk, boss, RatingAct(overall=3))


def test_a_crisis_that_came_after_the_lease_refuses_the_rating(item, ann):
    Dialog.objects.filter(pk=item.reply.dialog_id).update(crisis_level=2)
    with pytest.raises(ReviewRefused, match="not_allowed"):
        rate(item, ann, overall=5)


@pytest.fixture
def trial(item) -> Release:
    """Some users try the adapter that wrote the item's reply."""
    adapter = build_adapter(item.reply.dialog.counsel.character)
    Reply.objects.filter(pk=item.reply_id).update(adapter=adapter.name)
    stamps = {"state": "canary", "canary_percent": 10, "dt_verified": timezone.now()}
    return Release.objects.create(character=adapter.character, adapter=adapter, **stamps)


@pytest.mark.parametrize("reason", ["crisis_missed", "unsafe"])
def test_an_expert_who_finds_danger_ends_the_trial_at_once(item, ann, trial, reason):
    rate(item, ann, overall=1, reasons=(reason, "cold"))
    trial.refresh_from_db()
    assert (trial.state, trial.ended_by) == ("rolled_back", ann)
    assert trial.end_reason == f"expert_stopped:{reason}:{item.reply_id}"


def test_other_faults_and_other_adapters_leave_the_trial_alone(item, ann, trial):
    rate(item, ann, overall=1, reasons=("cold",))
    Reply.objects.filter(pk=item.reply_id).update(adapter="somebody@else")
    rate(item, ann, overall=1, reasons=("unsafe",))
    trial.refresh_from_db()
    assert trial.state == "canary"
