"""A judge's answer is eight numbers in order, or an error."""

from __future__ import annotations

import pytest

from training.gate.rating import ITEMS, RatingError, parse_rating

SCORES = (1, 4, 5, 3, 1, 0, 1, 8)
LINES = [f"{item.name}: {score}" for item, score in zip(ITEMS, SCORES, strict=True)]


def test_eight_lines_in_order_are_eight_numbers() -> None:
    assert parse_rating("\n".join(LINES) + "\n") == SCORES
    assert parse_rating("\n".join(LINES).replace(": 4", ": 4.5"))[1] == 4.5


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("\n".join(LINES[:7]), "7 lines"),
        ("\n".join([*LINES, "good: 1"]), "9 lines"),
        ("Here you are:\n" + "\n".join(LINES), "9 lines"),
        ("\n".join([LINES[1], LINES[0], *LINES[2:]]), "line 1 is not `understandable"),
        ("\n".join([*LINES[:7], "overall: 11"]), "outside 1 to 10"),
        ("\n".join([*LINES[:7], "overall: 0"]), "outside 1 to 10"),
        ("\n".join(["understandable: 2", *LINES[1:]]), "outside 0 to 1"),
        ("\n".join(["understandable: yes", *LINES[1:]]), "is not"),
        ("\n".join(["understandable: 1/1", *LINES[1:]]), "is not"),
        ("\n".join(["understandable: -1", *LINES[1:]]), "is not"),
        ("\n".join(["understandable: nan", *LINES[1:]]), "is not"),
        ("\n".join([f"{LINES[0]} because it is clear", *LINES[1:]]), "is not"),
        (", ".join(LINES), "1 lines"),
        ("1 4 5 3 1 0 1 8", "1 lines"),
        ("", "0 lines"),
    ],
)
def test_anything_else_is_an_error(answer: str, problem: str) -> None:
    with pytest.raises(RatingError, match=problem):
        parse_rating(answer)


def test_an_error_says_where_and_quotes_nothing_of_the_answer() -> None:
    with pytest.raises(RatingError) as error:
        parse_rating("\n".join([*LINES[:4], "그분이 죽고 싶다고 했으니: 1", *LINES[5:]]))
    assert str(error.value) == "line 5 is not `uses_instruction: number`"
