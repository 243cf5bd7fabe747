"""Caps, repeats and the split: what goes into a snapshot, whoever would like to choose."""

from __future__ import annotations

import random

from training.cycle.selection import Candidate, count_shares, find_user_cap, select_pairs, split_rooms


def build(number: int, user: str = "", chosen: str = "") -> Candidate:
    return Candidate(
        f"key-{number:04d}", user or f"user-{number}", f"room-{number}", chosen or f"나은 답 {number}", "못한 답"
    )


def test_one_user_has_at_most_five_pairs_in_a_small_snapshot():
    selection = select_pairs([*(build(number, "loud") for number in range(50)), *(build(n) for n in range(50, 80))])
    assert sum(key < "key-0050" for key in selection.keys) == 5
    assert selection.left_out["user_cap"] == 45


def test_one_user_has_at_most_one_in_a_hundred_of_a_large_one():
    numbers = [500, *([1] * 2000)]
    cap = find_user_cap(numbers)
    total = sum(min(number, cap) for number in numbers)
    assert cap > 5
    assert cap <= 0.01 * total
    assert cap + 1 > 0.01 * (total + 1)


def test_twenty_accounts_with_the_same_words_count_once():
    copies = [build(number, f"bot-{number}", "광고 문구를 외쳐 보세요!") for number in range(20)]
    assert len(select_pairs(copies).keys) == 1


def test_spaces_and_marks_do_not_make_a_copy_new():
    first, second = build(1, chosen="힘내요, 정말."), build(2, chosen="힘내요   정말!!")
    assert select_pairs([first, second]).left_out["repeated"] == 1


def test_the_order_in_which_pairs_come_changes_nothing():
    candidates = [build(number, f"user-{number % 7}") for number in range(60)]
    expected = select_pairs(candidates).keys
    for seed in range(10):
        assert select_pairs(random.Random(seed).sample(candidates, 60)).keys == expected, f"seed {seed}"


def test_a_room_stays_on_its_side_when_others_come():
    rooms = [f"room-{number}" for number in range(300)]
    before, after = split_rooms(rooms[:200]), split_rooms(rooms)
    assert before == after & set(rooms[:200])
    assert 10 <= len(after) <= 50


def test_two_rooms_are_enough_to_hold_one_out_and_one_is_not():
    assert len(split_rooms(["a", "b"])) == 1
    assert split_rooms(["a"]) == frozenset()


def test_shares_add_up_to_one():
    assert count_shares(["a", "a", "b", "a"]) == {"a": 0.75, "b": 0.25}
