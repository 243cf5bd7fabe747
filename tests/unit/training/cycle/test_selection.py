"""Caps, repeats and the split: what goes into a snapshot, whoever would like to choose."""

from __future__ import annotations

import itertools
import random

from training.cycle.selection import Candidate, count_shares, find_cap, select_pairs, split_rooms


def build(number: int, user: str = "", chosen: str = "", annotators: str = "e") -> Candidate:
    """`annotators`: a letter each."""
    ids = f"user-{number}", f"room-{number}"
    said = chosen or f"나은 답 {number}", "못한 답"
    return Candidate(f"key-{number:04d}", user or ids[0], ids[1], frozenset(annotators), *said)


def build_of(pairs_of_annotators: dict[str, int]) -> list[Candidate]:
    whose = "".join(annotator * number for annotator, number in pairs_of_annotators.items())
    return [build(number, annotators=annotator) for number, annotator in enumerate(whose)]


def test_one_user_has_at_most_five_pairs_in_a_small_snapshot():
    selection = select_pairs([*(build(number, "loud") for number in range(50)), *(build(n) for n in range(50, 80))])
    assert sum(key < "key-0050" for key in selection.keys) == 5
    assert selection.left_out["user_cap"] == 45


def test_one_user_has_at_most_one_in_a_hundred_of_a_large_one():
    numbers = [500, *([1] * 2000)]
    cap = find_cap(numbers, 0.01, least=5)
    total = sum(min(number, cap) for number in numbers)
    assert cap > 5
    assert cap <= 0.01 * total
    assert cap + 1 > 0.01 * (total + 1)


def test_one_of_five_annotators_gives_at_most_a_fifth_of_what_there_is():
    candidates = build_of({"a": 200, "b": 30, "c": 30, "d": 30, "e": 30})
    selection = select_pairs(candidates)
    of_a = [candidate for candidate in candidates[:200] if candidate.key in selection.keys]
    assert (len(of_a), len(selection.keys)) == (64, 184)  # a fifth of 320
    assert selection.left_out["annotator_cap"] == 136


def test_a_fifth_annotator_with_one_pair_shrinks_nothing_to_nothing():
    selection = select_pairs(build_of({"a": 100, "b": 100, "c": 100, "d": 100, "e": 1}))
    assert len(selection.keys) == 321


def test_four_annotators_are_not_capped():
    selection = select_pairs(build_of({"a": 200, "b": 1, "c": 1, "d": 1}))
    assert (len(selection.keys), selection.left_out["annotator_cap"]) == (203, 0)


def test_a_pair_that_several_annotators_made_counts_for_none_of_them():
    together = [build(number, annotators="ab") for number in range(500, 600)]
    selection = select_pairs([*build_of({"a": 40, "b": 20, "c": 20, "d": 20, "e": 20}), *together])
    assert len(selection.keys) == 220
    fewer = select_pairs([*build_of({"a": 60, "b": 20, "c": 20, "d": 20, "e": 20}), *together])
    assert fewer.left_out["annotator_cap"] == 12  # a fifth of 240 is 48


def test_a_user_s_share_holds_after_the_annotators_cap_has_made_the_whole_smaller():
    loud = [build(number, "loud", annotators="b") for number in range(-10, 0)]  # 10 are less than 1 % of 1,400
    selection = select_pairs([*build_of({"a": 1200, "b": 50, "c": 50, "d": 50, "e": 50}), *loud])
    # ten say what others say; a: a fifth of 1,400 is 280, which leaves 490
    assert sum(candidate.key in selection.keys for candidate in loud) == 5
    assert len(selection.keys) == 485


def test_twenty_accounts_with_the_same_words_count_once():
    copies = [build(number, f"bot-{number}", "광고 문구를 외쳐 보세요!") for number in range(20)]
    assert len(select_pairs(copies).keys) == 1


def test_spaces_and_marks_do_not_make_a_copy_new():
    first, second = build(1, chosen="힘내요, 정말."), build(2, chosen="힘내요   정말!!")
    assert select_pairs([first, second]).left_out["repeated"] == 1


def test_the_order_in_which_pairs_come_changes_nothing():
    candidates = [build(number, f"user-{number % 30}", annotators="aaabcde"[number % 7]) for number in range(60)]
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


def test_a_room_of_an_earlier_snapshot_stays_on_its_side_among_few_others():
    rooms = [f"room-{number}" for number in range(12)]
    for one, two, three in itertools.permutations(rooms, 3):
        before = split_rooms([one, two])
        after = split_rooms([two, three], {one: one in before, two: two in before})
        assert (two in before, len(after)) == (two in after, 1), (one, two, three)


def test_rooms_that_were_all_learned_from_give_none_to_measure_by():
    assert split_rooms(["a", "b"], {"a": False, "b": False}) == frozenset()
    assert split_rooms(["a", "b"], {"a": True, "b": True}) == {"a", "b"}


def test_two_new_rooms_are_never_both_held_out():
    by_digest = sorted(split_rooms(f"room-{number}" for number in range(100)))
    assert len(by_digest) > 1
    assert len(split_rooms(by_digest[:2])) == 1


def test_shares_add_up_to_one():
    assert count_shares(["a", "a", "b", "a"]) == {"a": 0.75, "b": 0.25}
