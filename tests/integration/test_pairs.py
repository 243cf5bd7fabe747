"""Ratings → pairs in the database: idempotent, consented, masked, and nothing from a thumb."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import Consent, ConsentKind, Feedback
from tests.annotation_builders import take_consent_back
from tests.builders import build_character, build_reply, grant
from tests.flywheel_rows import ALL_CONSENTS, build_answered, build_giver, build_rating, build_staff, correct
from training.cycle.pair import derive_pairs_of_dialog, sweep_pairs
from training.models import Pair, Rating

pytestmark = pytest.mark.django_db

BETTER = "발표 뒤에 마음이 무거우셨겠어요. 어느 순간이 가장 오래 남았나요?"


def test_a_correction_becomes_one_pair_with_its_annotator_and_message():
    giver, expert = build_giver(), build_staff()
    reply = build_answered(giver, build_character())
    rating = correct(reply, expert, BETTER)
    pair = Pair.objects.get()
    assert (pair.chosen, pair.rejected, pair.kind) == (BETTER, reply.text, "correction")
    assert (pair.user, pair.dialog, list(pair.ratings.all())) == (giver, reply.dialog, [rating])


def test_deriving_again_changes_nothing():
    reply = build_answered(build_giver(), build_character())
    correct(reply, build_staff(), BETTER)
    before = list(Pair.objects.values_list("pk", "key"))
    for _ in range(3):
        derive_pairs_of_dialog(reply.dialog_id)
    assert list(Pair.objects.values_list("pk", "key")) == before


def test_a_thumb_alone_never_makes_a_pair():
    giver = build_giver()
    reply = build_answered(giver, build_character())
    sibling = build_reply(reply.dialog, text=BETTER)
    Feedback.objects.create(user=giver, reply=sibling, value="up")
    Feedback.objects.create(user=giver, reply=reply, value="down")
    assert (derive_pairs_of_dialog(reply.dialog_id), sweep_pairs(), Pair.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("kind", ALL_CONSENTS)
def test_nothing_is_derived_from_who_does_not_consent(kind: ConsentKind):
    giver = build_giver()
    reply = build_answered(giver, build_character())
    build_rating(reply, build_staff(), correction=BETTER, overall=3)
    take_consent_back(giver, kind)
    assert (derive_pairs_of_dialog(reply.dialog_id), Pair.objects.count()) == (0, 0)


def test_a_rating_that_is_taken_back_takes_its_pair_along():
    reply = build_answered(build_giver(), build_character())
    rating = correct(reply, build_staff(), BETTER)
    Rating.objects.filter(pk=rating.pk).update(dt_withdrawn=rating.dt_rated)
    derive_pairs_of_dialog(reply.dialog_id)
    assert not Pair.objects.exists()


def test_names_in_the_talk_are_masked_in_the_pair():
    giver = build_giver()
    reply = build_answered(
        giver, build_character(), "제 이름은 이민지예요. 번호는 010-0000-1234예요.", "이민지 씨, 힘내세요."
    )
    correct(reply, build_staff(), BETTER)
    pair = Pair.objects.get()
    assert "이민지" not in pair.rejected
    assert pair.exclusion == "placeholder"


def test_a_name_that_an_expert_types_keeps_the_pair_out():
    reply = build_answered(build_giver(), build_character())
    correct(reply, build_staff(), "제 친구 박준호 씨도 그랬대요. 연락은 010-0000-1234로 주실래요?")
    pair = Pair.objects.get()
    assert "010-0000-1234" not in pair.chosen
    assert pair.exclusion == "placeholder"


def test_a_sweep_finds_what_no_bell_told_of():
    expert, character = build_staff(), build_character()
    for number in range(5):
        build_rating(build_answered(build_giver(), character), expert, correction=f"{BETTER} {number}", overall=2)
    assert (sweep_pairs(), Pair.objects.count()) == (5, 5)


@pytest.mark.parametrize("kind", [ConsentKind.SENSITIVE, ConsentKind.HUMAN_REVIEW, ConsentKind.TRAINING])
def test_a_consent_that_is_given_later_makes_pairs_of_what_was_rated_before(kind: ConsentKind):
    long_ago = timezone.now() - timedelta(days=30)
    giver = build_giver()
    build_rating(build_answered(giver, build_character()), build_staff(), correction=BETTER, dt_rated=long_ago)
    Consent.objects.filter(kind=kind).delete()
    Consent.objects.update(dt_decided=long_ago)
    since = timezone.now() - timedelta(days=1)
    assert sweep_pairs(since=since) == 0
    grant(giver, kind)
    assert (sweep_pairs(since=since), Pair.objects.get().user) == (1, giver)


def test_a_sweep_leaves_alone_whose_ratings_and_consents_are_old():
    long_ago = timezone.now() - timedelta(days=30)
    build_rating(build_answered(build_giver(), build_character()), build_staff(), correction=BETTER, dt_rated=long_ago)
    Consent.objects.update(dt_decided=long_ago)
    assert sweep_pairs(since=timezone.now() - timedelta(days=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_hundred_deliveries_at_once_leave_one_pair():
    reply = build_answered(build_giver(), build_character())
    build_rating(reply, build_staff(), correction=BETTER, overall=2)
    started = threading.Barrier(8)

    def deliver(number: int) -> None:
        if number < 8:
            started.wait(10)
        derive_pairs_of_dialog(reply.dialog_id)
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(100)))
    assert Pair.objects.count() == 1


def test_pairs_do_not_depend_on_the_order_in_which_experts_rated():
    giver, character = build_giver(), build_character()
    experts = [build_staff() for _ in range(4)]
    seen = set()
    for seed in range(5):
        reply = build_answered(giver, character)
        sibling = build_reply(reply.dialog, text="다른 답이에요. 어땠나요?")
        for expert in random.Random(seed).sample(experts, 4):
            build_rating(reply, expert, preferred_reply=sibling, shown_reply_ids=[reply.pk, sibling.pk], overall=5)
        derive_pairs_of_dialog(reply.dialog_id)
        found = Pair.objects.filter(dialog=reply.dialog).values_list("chosen", "rejected", "agreement", "state")
        seen.add(tuple(found))
    (pairs,) = seen
    assert len(pairs) == 1


def test_an_answer_regenerated_after_the_choice_is_in_no_pair():
    reply = build_answered(build_giver(), build_character())
    sibling = build_reply(reply.dialog, text=BETTER)
    build_rating(reply, build_staff(), preferred_reply=sibling, shown_reply_ids=[reply.pk, sibling.pk])
    build_reply(reply.dialog, text="지금 막 다시 쓴 답이에요. 어떤가요?")
    derive_pairs_of_dialog(reply.dialog_id)
    assert list(Pair.objects.values_list("chosen", "rejected")) == [(sibling.text, reply.text)]
