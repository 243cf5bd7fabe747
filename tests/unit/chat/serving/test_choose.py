"""Whom an adapter that is tried speaks to: always the same users, and as many as were asked for."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest

from chat.serving.choose import Canary, choose_adapter, is_in_canary

RELEASE, OTHER_RELEASE = UUID(int=7), UUID(int=8)
USERS = [UUID(int=number * 7919 + 1) for number in range(10_000)]
CHARACTER = SimpleNamespace(pk=UUID(int=1), adapter="mary@1")


def list_tried(release: UUID, percent: int) -> set[UUID]:
    return {user for user in USERS if is_in_canary(user, release, percent)}


@pytest.mark.parametrize("percent", [1, 10, 50])
def test_the_share_is_the_one_that_was_asked_for(percent: int) -> None:
    assert len(list_tried(RELEASE, percent)) == pytest.approx(100 * percent, abs=150)


def test_a_user_keeps_to_one_side_while_a_release_lasts() -> None:
    assert list_tried(RELEASE, 10) == list_tried(RELEASE, 10)
    assert list_tried(RELEASE, 10) < list_tried(RELEASE, 20)


def test_the_next_release_is_tried_by_others() -> None:
    both = list_tried(RELEASE, 10) & list_tried(OTHER_RELEASE, 10)
    assert len(both) == pytest.approx(100, abs=50)


def test_nobody_tries_at_zero() -> None:
    assert list_tried(RELEASE, 0) == set()


def test_who_tries_gets_the_new_adapter_and_the_others_the_live_one() -> None:
    canaries = {CHARACTER.pk: Canary(RELEASE, "mary@2", 50)}
    chosen = [choose_adapter(CHARACTER, user, canaries) for user in USERS[:100]]
    assert chosen == ["mary@2" if is_in_canary(user, RELEASE, 50) else "mary@1" for user in USERS[:100]]
    assert choose_adapter(CHARACTER, USERS[0], {}) == "mary@1"
