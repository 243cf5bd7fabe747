"""The way back while others decide: it is gone once, past what goes on trial or is tainted, and never into a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection, transaction

from chat.models import Adapter, Character, Release
from chat.serving.refusals import ServingRefused
from chat.serving.roll_back import roll_back
from chat.serving.settle import lock_release, make_live
from chat.serving.taint import taint_adapter
from tests.integration.voices import decide, roll_back_live

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_SECONDS = 20


@pytest.fixture
def live(character: Character, adapters: list[Adapter]) -> Release:
    """The last of three that were live one after the other."""
    for adapter in adapters:
        make_live(Release(character=Character.objects.get(pk=character.pk), adapter=adapter))
    return Release.objects.live().get()


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def begin(pool: ThreadPoolExecutor, work: Callable[..., Any], *given: Any) -> Future[Any]:
    def work_and_close() -> Any:
        try:
            return work(*given)
        finally:
            connection.close()

    return pool.submit(work_and_close)


def get_voice(character: Character) -> str:
    return Character.objects.get(pk=character.pk).adapter


def test_rolling_back_the_live_adapter_ends_the_trial_beside_it(character, live, adapters, make):
    trial = decide(make(7), canary_percent=10)
    done = roll_back(live.pk, decided_by=None, reason="worse")
    trial.refresh_from_db()
    assert (done.release, done.trial, get_voice(character)) == (live, trial, adapters[1].name)
    assert (trial.state, trial.end_reason) == ("rolled_back", "worse")


def test_rolling_back_a_trial_leaves_the_live_adapter_speaking(character, live, adapters, make):
    trial = decide(make(7), canary_percent=10)
    done = roll_back(trial.pk, decided_by=None, reason="worse")
    assert (done.release, done.trial, get_voice(character)) == (trial, None, adapters[2].name)


def test_two_people_at_once_go_back_one_adapter_and_the_second_is_told(character, live, adapters, pool):
    start = threading.Barrier(2)

    def press() -> str:
        start.wait(WAIT_SECONDS)
        try:
            roll_back(live.pk, decided_by=None, reason="worse")
        except ServingRefused as refusal:
            return refusal.code
        return "done"

    said = [pressed.result(WAIT_SECONDS) for pressed in [begin(pool, press), begin(pool, press)]]
    assert sorted(said) == ["already_ended", "done"]
    assert get_voice(character) == adapters[1].name


def test_a_former_adapter_that_is_being_tainted_is_waited_for_and_passed_over(character, live, adapters, pool):
    with transaction.atomic():
        taint_adapter(adapters[1], reason="withdrawal")
        rolling = begin(pool, roll_back_live, character)
        assert wait([rolling], timeout=1).not_done
    rolling.result(WAIT_SECONDS)
    assert get_voice(character) == adapters[0].name


def test_a_rollback_and_a_decision_for_what_it_points_to_both_go_through(character, live, adapters, pool):
    with transaction.atomic():
        lock_release(live.pk)
        deciding = begin(pool, decide, adapters[0])  # holds the adapter, waits for the character
        assert wait([deciding], timeout=1).not_done
        roll_back(live.pk, decided_by=None, reason="worse")
    assert deciding.result(WAIT_SECONDS).previous_adapter == adapters[1]
    assert get_voice(character) == adapters[1].name
