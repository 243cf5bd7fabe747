"""Krippendorff's α beside values worked out by hand."""

from __future__ import annotations

import pytest

from training.cycle.agree import Judgement, compute_alpha, measure_people, measure_scales


def judge(*rows: tuple[str, str, float], scale: str = "overall") -> list[Judgement]:
    return [Judgement(item, person, scale, figure) for item, person, figure in rows]


def test_alpha_of_two_items_by_hand():
    """Figures 3 3 | 5 4. Observed: (0 + 1) · 2 / 4 = 0.5 of squared differences within items.

    Expected over all ordered pairs of the four: 3-3: 0, 3-5: 4, 3-4: 1, 5-4: 1, so 2 · (0 + 4 + 4 + 1 + 1 + 1) / 12 =
    22/12. α = 1 - 0.5 / (22/12) = 0.7272…
    """
    rows = [("a", "1", 3.0), ("b", "1", 3.0), ("a", "2", 5.0), ("b", "2", 4.0)]
    assert compute_alpha(rows) == pytest.approx(1 - 0.5 / (22 / 12))


def test_agreement_without_a_difference_says_one_and_chance_less():
    same = judge(("1", "a", 3), ("1", "b", 3), ("2", "a", 8), ("2", "b", 8))
    crossed = judge(("1", "a", 3), ("1", "b", 8), ("2", "a", 8), ("2", "b", 3))
    assert measure_scales(same, ["overall"])[0].alpha == pytest.approx(1.0)
    assert (measure_scales(crossed, ["overall"])[0].alpha or 0) < 0


@pytest.mark.parametrize(
    "judgements",
    [[], judge(("1", "a", 3), ("2", "b", 5)), judge(("1", "a", 3), ("1", "b", 3))],
    ids=["nothing", "nobody shares an item", "nothing could have differed"],
)
def test_what_cannot_be_measured_says_nothing(judgements):
    assert measure_scales(judgements, ["overall"])[0].alpha is None


def test_each_scale_is_measured_by_itself():
    judgements = judge(("1", "a", 3), ("1", "b", 3), ("2", "a", 8), ("2", "b", 8))
    judgements += judge(("1", "a", 1), scale="natural")
    overall, natural = measure_scales(judgements, ["overall", "natural"])
    assert (overall.items, overall.ratings) == (2, 4)
    assert (natural.items, natural.alpha) == (0, None)


def test_a_person_is_measured_against_the_mean_of_the_others():
    judgements = judge(("1", "a", 9), ("1", "b", 5), ("1", "c", 7), ("2", "a", 4), ("2", "b", 2), ("3", "a", 1))
    people = {person.name: person for person in measure_people(judgements, "overall")}
    assert (people["a"].items, people["a"].lean) == (2, pytest.approx((3 + 2) / 2))
    assert (people["c"].items, people["c"].lean) == (1, 0.0)
