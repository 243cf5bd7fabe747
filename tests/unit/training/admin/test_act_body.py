"""A browser's JSON as an act, whatever it may hold."""

from __future__ import annotations

from uuid import UUID

import pytest

from training.admin.act_body import MOST_BYTES, read_act, read_body
from training.cycle.rate import RatingAct
from training.cycle.review_refusals import ReviewRefused

SIBLING = "0190a1b2-0000-7000-8000-000000000001"


@pytest.mark.parametrize("raw", [b"[]", b"{", b"\xff", b"7", b"[" * 50_000, b'{"a":"' + b"x" * MOST_BYTES + b'"}'])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(ReviewRefused, match="bad_field"):
        read_body(raw)


def test_an_empty_body_is_an_act_that_says_nothing():
    assert read_act(read_body(b"")) == RatingAct()


def test_every_field_reaches_the_act():
    chosen = {"preferred_reply_id": SIBLING, "shown_reply_ids": [SIBLING]}
    act = read_act({"overall": 3, "scores": {"natural": 2}, "reasons": ["cold"], **chosen})
    ids = {"preferred_reply_id": UUID(SIBLING), "shown_reply_ids": (UUID(SIBLING),)}
    assert act == RatingAct(3, {"natural": 2}, ("cold",), **ids)
