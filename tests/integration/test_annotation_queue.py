"""What the queue rule lets in, in which order, and what it never lets in."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from django.utils import timezone

from chat.models import Consent, ConsentKind, Feedback, Reply
from tests.annotation_builders import TO_REVIEW, build_item, build_reviewable_reply, take_consent_back
from tests.builders import build_reply, build_room, build_turn, build_user, grant
from training.cycle.queue import WEIGHTS, count_needed, fill_queue, is_sampled
from training.models import ItemState, ReviewItem

pytestmark = pytest.mark.django_db

GOOD = "많이 뒤척였겠어요. 무슨 생각이 났나요?"


@pytest.fixture(autouse=True)
def _no_random_sample(settings):
    settings.MARY_REVIEW_SAMPLE_SHARE = 0.0
    settings.MARY_REVIEW_OVERLAP_SHARE = 0.0


def thumb_down(reply, *reasons: str) -> None:
    Feedback.objects.create(user_id=reply.dialog.user_id, reply=reply, value="down", reasons=list(reasons))


def fill() -> int:
    return fill_queue(timezone.now())


def test_a_thumb_down_queues_the_reply_once():
    reply = build_reviewable_reply()
    thumb_down(reply)
    assert [fill(), fill()] == [1, 0]
    item = ReviewItem.objects.get()
    assert (item.reply, item.reasons, item.priority) == (reply, ["thumbs_down"], WEIGHTS["thumbs_down"])


def test_nobody_is_queued_without_consent_to_human_review():
    user = build_user("mina")
    thumb_down(build_reply(build_turn(build_room(user))))
    assert fill() == 0
    grant(user, ConsentKind.HUMAN_REVIEW)
    assert fill() == 1


@pytest.mark.parametrize("kind", TO_REVIEW)
def test_whoever_gives_a_missing_consent_again_is_queued_with_what_is_older(kind: ConsentKind):
    reply = build_reviewable_reply()
    thumb_down(reply)
    user, long_ago = reply.dialog.user, timezone.now() - timedelta(days=5)
    Reply.objects.update(dt_finished=long_ago)
    Feedback.objects.update(dt_feedback=long_ago)
    Consent.objects.update(dt_decided=long_ago)
    take_consent_back(user, kind)
    assert fill() == 0
    grant(user, kind)
    assert fill() == 1


def test_a_reply_that_nothing_speaks_against_stays_out():
    build_reviewable_reply("mina", GOOD)
    assert fill() == 0


def test_a_random_share_of_good_replies_comes_in(settings):
    settings.MARY_REVIEW_SAMPLE_SHARE = 1.0
    build_reviewable_reply("mina", GOOD)
    assert fill() == 1
    assert ReviewItem.objects.get().reasons == ["good_sample"]


@pytest.mark.parametrize(("share", "needed"), [(0.0, 1), (1.0, 2)])
def test_the_share_of_overlap_is_looked_at_by_two(settings, share, needed):
    settings.MARY_REVIEW_OVERLAP_SHARE = share
    thumb_down(build_reviewable_reply())
    fill()
    assert ReviewItem.objects.get().needed == needed


def test_who_is_looked_at_twice_is_drawn_steadily_and_apart_from_the_sample(settings):
    settings.MARY_REVIEW_SAMPLE_SHARE = settings.MARY_REVIEW_OVERLAP_SHARE = 0.5
    ids = [UUID(int=number) for number in range(4000)]
    drawn = [(is_sampled(one), count_needed(one) == 2) for one in ids]
    assert drawn == [(is_sampled(one), count_needed(one) == 2) for one in ids]
    # Four standard deviations of a quarter of 4,000 are 110.
    assert all(890 < drawn.count(pair) < 1110 for pair in product((True, False), repeat=2))


def test_a_crisis_turn_is_for_clinical_reviewers_and_comes_first():
    build_reviewable_reply("mina", GOOD, crisis_level=2)
    thumb_down(build_reviewable_reply("bora", GOOD))
    assert fill() == 2
    first, second = ReviewItem.objects.order_by("-priority")
    assert (first.needs_clinical, first.reasons, second.needs_clinical) == (True, ["crisis"], False)


def test_siblings_make_one_item_of_the_answer_that_stands():
    reply = build_reviewable_reply("mina", "그랬군요. 왜 그랬나요?", GOOD)
    assert fill() == 1
    assert (ReviewItem.objects.get().reply, ReviewItem.objects.get().reasons) == (reply, ["siblings"])


def test_a_sloppy_reply_comes_in_by_itself():
    build_reviewable_reply("mina", "네 네 네 네 네 그래요 그래요 그래요")
    assert fill() == 1
    assert ReviewItem.objects.get().reasons == ["low_confidence"]


def test_a_new_reason_raises_an_open_item_and_leaves_a_finished_one():
    replies = [build_reviewable_reply(name, "네.") for name in ("mina", "bora")]
    fill()
    done = ReviewItem.objects.get(reply=replies[1])
    ReviewItem.objects.filter(pk=done.pk).update(state=ItemState.DONE, dt_done=timezone.now())
    for reply in replies:
        thumb_down(reply, "unsafe")
    fill()
    raised = ReviewItem.objects.get(reply=replies[0])
    assert set(raised.reasons) == {"low_confidence", "thumbs_down", "unsafe"}
    assert raised.priority == sum(WEIGHTS[reason] for reason in raised.reasons)
    assert ReviewItem.objects.get(pk=done.pk).priority == done.priority


def test_reasons_that_others_gave_are_kept():
    item = build_item(reasons=["canary"], priority=3.0)
    thumb_down(item.reply)
    fill()
    item.refresh_from_db()
    assert set(item.reasons) == {"canary", "thumbs_down"}


def test_what_is_old_is_left_in_peace():
    reply = build_reviewable_reply("mina", "네.")
    long_ago = timezone.now() - timedelta(days=90)
    type(reply).objects.filter(pk=reply.pk).update(dt_finished=long_ago)
    type(reply.dialog).objects.filter(pk=reply.dialog_id).update(dt_dialog=long_ago)
    assert fill() == 0


def test_the_pass_goes_on_past_its_first_chunk(monkeypatch):
    monkeypatch.setattr("training.cycle.queue.DIALOGS_AT_ONCE", 2)
    user = build_user("mina", consents=TO_REVIEW)
    counsel = build_room(user)
    for _ in range(5):
        thumb_down(build_reply(build_turn(counsel)))
    assert fill() == 5


def test_a_turn_after_a_crisis_is_for_clinical_reviewers_too():
    reply = build_reviewable_reply("mina", GOOD, crisis_level=2)
    thumb_down(build_reply(build_turn(reply.dialog.counsel), GOOD))
    fill()
    later = ReviewItem.objects.exclude(reply=reply).get()
    assert (later.needs_clinical, later.reasons) == (True, ["thumbs_down"])


def test_a_dialog_that_was_taken_back_never_comes_in_again():
    reply = build_reviewable_reply("mina", GOOD, GOOD + " 더 들려주세요.")
    ReviewItem.objects.create(reply=reply, user_id=reply.dialog.user_id, reasons=[], state=ItemState.WITHDRAWN)
    thumb_down(reply.dialog.replies.exclude(pk=reply.pk).get(), "unsafe")
    assert fill() == 0
