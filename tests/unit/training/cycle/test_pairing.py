"""The written rule from experts' acts to pairs, on acts that are written out."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from training.cycle.pairing import Act, DerivedPair, RatedDialog, derive_pairs

FIRST = "오늘은 일찍 주무세요."
SECOND = "잠이 안 오면 더 지치죠. 어떤 생각이 맴도세요?"
CORRECTED = "뒤척이다 날이 밝으면 몸도 마음도 무겁죠. 요즘 무슨 생각이 잠을 깨우나요?"
REPLIES = {"r1": FIRST, "r2": SECOND}
THIRD = "힘내세요."


def act(number: int = 1, reply: str = "r1", **fields: object) -> Act:
    given = {"shown_reply_ids": tuple(REPLIES), **fields}
    return Act(rating_id=f"rating-{number}", annotator_id=f"person-{number}", reply_id=reply, **given)  # type: ignore[arg-type]


def derive(*acts: Act, crisis_level: int = 0, replies: dict[str, str] | None = None) -> list[DerivedPair]:
    return derive_pairs(RatedDialog("d1", crisis_level, replies or REPLIES, acts))


def test_a_correction_is_better_than_what_it_corrects():
    (pair,) = derive(act(correction=CORRECTED, overall=3))
    assert (pair.kind, pair.chosen, pair.rejected) == ("correction", CORRECTED, FIRST)
    assert (pair.agreement, pair.exclusion, pair.rating_ids) == (1.0, "", ("rating-1",))


def test_the_answer_that_was_chosen_is_better_than_each_beside_it():
    shown = act(preferred_reply_id="r2", shown_reply_ids=("r1", "r2", "r3"))
    pairs = derive(shown, replies={**REPLIES, "r3": THIRD})
    assert {(pair.chosen, pair.rejected) for pair in pairs} == {(SECOND, FIRST), (SECOND, THIRD)}


def test_an_answer_that_came_after_the_choice_was_compared_by_nobody():
    pairs = derive(act(preferred_reply_id="r2"), replies={**REPLIES, "r3": THIRD})
    assert [(pair.chosen, pair.rejected) for pair in pairs] == [(SECOND, FIRST)]


def test_an_answer_that_was_shown_and_is_gone_makes_no_pair():
    assert derive(act(preferred_reply_id="r2", shown_reply_ids=("r2", "r9"))) == []


def test_scores_alone_make_no_pair_unless_they_are_authoritative():
    assert derive(act(1, "r1", overall=2), act(2, "r2", overall=10)) == []
    decided = derive(act(1, "r1", overall=2, is_authoritative=True), act(2, "r2", overall=5, is_authoritative=True))
    assert [(pair.kind, pair.chosen, pair.rejected) for pair in decided] == [("margin", SECOND, FIRST)]


def test_scores_less_than_the_margin_apart_make_no_pair():
    assert derive(act(1, "r1", overall=5, is_authoritative=True), act(2, "r2", overall=7, is_authoritative=True)) == []


def test_experts_who_choose_differently_leave_no_usable_pair():
    pairs = derive(act(1, preferred_reply_id="r1"), act(2, preferred_reply_id="r2"))
    assert {(pair.agreement, pair.exclusion) for pair in pairs} == {(0.5, "low_agreement")}


def test_two_of_three_are_enough_and_weigh_as_two_thirds():
    pairs = derive(act(1, preferred_reply_id="r2"), act(2, preferred_reply_id="r2"), act(3, preferred_reply_id="r1"))
    by_choice = {pair.chosen: pair for pair in pairs}
    assert (by_choice[SECOND].agreement, by_choice[SECOND].exclusion) == (0.6667, "")
    assert by_choice[FIRST].exclusion == "low_agreement"


def test_whoever_finds_the_reply_good_as_it_is_speaks_against_correcting_it():
    pairs = derive(act(1, correction=CORRECTED), act(2, overall=9))
    assert [(pair.agreement, pair.exclusion) for pair in pairs] == [(0.5, "low_agreement")]


def test_another_correction_of_the_same_reply_speaks_for_correcting_it():
    pairs = derive(act(1, correction=CORRECTED), act(2, correction=f"{CORRECTED} 천천히 들려주세요."))
    assert [pair.agreement for pair in pairs] == [1.0, 1.0]


def test_an_authoritative_act_silences_the_others_on_that_reply():
    pairs = derive(act(1, correction=CORRECTED), act(2, overall=9), act(3, overall=9, is_authoritative=True))
    assert pairs == []


def test_a_crisis_turn_needs_a_clinical_reviewer():
    (left_out,) = derive(act(correction=CORRECTED), crisis_level=2)
    (taken,) = derive(act(correction=CORRECTED, is_clinical=True), crisis_level=2)
    assert (left_out.exclusion, taken.exclusion) == ("crisis_turn", "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[이름1] 씨가 그랬군요.", "placeholder"),
        ("### 응답: 그랬군요.", "unlearnable"),
        ("그랬군요. " * 200, "unlearnable"),
    ],
)
def test_what_must_not_be_learned_by_heart_stays_out_with_its_reason(text: str, why: str):
    (pair,) = derive(act(correction=text))
    assert pair.exclusion == why


def test_an_act_on_a_reply_that_is_gone_makes_nothing():
    assert derive(act(reply="r9", correction=CORRECTED), act(preferred_reply_id="r9")) == []


def test_the_order_of_the_acts_changes_nothing():
    acts = [
        act(1, correction=CORRECTED),
        act(2, preferred_reply_id="r2"),
        act(3, "r2", overall=9, is_authoritative=True),
        act(4, "r1", overall=4, is_authoritative=True),
    ]
    expected = derive(*acts)
    for seed in range(20):
        assert derive(*random.Random(seed).sample(acts, len(acts))) == expected, f"seed {seed}"


def test_the_same_pair_has_the_same_key_and_another_dialog_another():
    (pair,) = derive(act(correction=CORRECTED))
    assert pair.compute_key("d1") == replace(pair, agreement=0.7, rating_ids=()).compute_key("d1")
    assert pair.compute_key("d1") != pair.compute_key("d2")
