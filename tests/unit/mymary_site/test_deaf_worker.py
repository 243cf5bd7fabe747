"""When a Celery worker counts as deaf: messages wait, none comes in, nothing runs, and that for a while."""

from __future__ import annotations

import pytest
from celery import Celery

from mymary_site.deaf_worker import Hearing, count_waiting

PATIENCE = 60.0


def look(hearing: Hearing, now: float, *, received: int = 0, waiting: int = 1, at_work: int = 0) -> bool:
    return hearing.is_lost(now, received=received, waiting=waiting, at_work=at_work)


def test_messages_that_nobody_takes_are_noticed_after_the_patience_and_not_before() -> None:
    hearing = Hearing(PATIENCE)
    assert [look(hearing, now) for now in (0, 30, 59, 60)] == [False, False, False, True]


@pytest.mark.parametrize("better", [{"waiting": 0}, {"at_work": 1}, {"received": 1}])
def test_one_good_sign_begins_the_patience_anew(better: dict[str, int]) -> None:
    hearing = Hearing(PATIENCE)
    assert not look(hearing, 0)
    assert not look(hearing, 59, **better)
    kept = {"received": better.get("received", 0)}
    assert not look(hearing, 60, **kept)
    assert not look(hearing, 119, **kept)
    assert look(hearing, 120, **kept)


def test_a_worker_that_trains_for_hours_while_messages_wait_is_not_deaf() -> None:
    hearing = Hearing(PATIENCE)
    assert not any(look(hearing, now, waiting=50, at_work=1) for now in range(0, 36_000, 6))


def test_a_broker_that_is_away_says_nothing_about_the_consumer() -> None:
    with Celery(broker="redis://127.0.0.1:1/0") as app:
        assert count_waiting(app, ["celery"]) == 0
