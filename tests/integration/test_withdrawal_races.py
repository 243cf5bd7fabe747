"""A turn that is only said before a pair is taken back while a snapshot is frozen: its words are in none that stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection

from chat.models import Dialog
from tests.builders import build_character, build_reply, build_turn
from tests.flywheel_rows import build_answered, build_giver, build_rating, build_staff, correct
from training.cycle import freeze, withdraw
from training.cycle.freeze import freeze_snapshot, get_snapshot_folder
from training.cycle.refusals import TrainingRefused
from training.cycle.withdraw import withdraw_review
from training.models import Pair, Snapshot, SnapshotState, Withdrawal, WithdrawalCause

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("training_folders")]

PATIENCE_SECONDS = 0.5
"""Whoever has not ended by then waits for a lock."""


@pytest.fixture
def context() -> Dialog:
    """Rated, and so in the user's list, but no pair was made of it; the next turn of the room has one."""
    reply = build_answered(build_giver(), build_character(), "어제는 한숨도 못 잤어요.")
    build_rating(reply, build_staff(), overall=6)
    later = build_reply(build_turn(reply.dialog.counsel, "오늘은 좀 나았어요."), text="다행이네요.")
    correct(later, build_staff(), "하루 사이에 조금 나아지셨군요. 무엇이 달랐나요?")
    assert not Pair.objects.filter(dialog=reply.dialog).exists()
    return reply.dialog


def take_back(dialog: Dialog) -> Withdrawal | None:
    return withdraw_review(dialog.user_id, WithdrawalCause.FEEDBACK, dialog_id=dialog.pk)


def freeze_room(dialog: Dialog) -> Snapshot:
    return freeze_snapshot(dialog.counsel.character, None)


class Paused:
    """A function that stops after its work until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self._work = getattr(module, name)
        self.reached, self._going_on = threading.Event(), threading.Event()
        monkeypatch.setattr(module, name, self)

    def __call__(self, *given: Any) -> Any:
        found = self._work(*given)
        self.reached.set()
        assert self._going_on.wait(10)
        return found

    def let_go(self, other: Future[Any]) -> bool:
        """Whether the other was waiting until then."""
        _, waiting = wait([other], PATIENCE_SECONDS)
        self._going_on.set()
        return bool(waiting)


def run_both(first: Callable[[], Any], pause: Paused, second: Callable[[], Any]) -> tuple[Future[Any], Future[Any]]:
    """The second begins when the first has reached its pause, and has to wait for its end."""

    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(run, first)
        assert pause.reached.wait(10)
        other = pool.submit(run, second)
        assert pause.let_go(other)
    return one, other


def test_a_freeze_that_meets_a_withdrawal_is_refused(context: Dialog, monkeypatch: pytest.MonkeyPatch):
    pause = Paused(monkeypatch, withdraw, "_taint_snapshots")
    withdrawal, frozen = run_both(lambda: take_back(context), pause, lambda: freeze_room(context))
    with pytest.raises(TrainingRefused, match="withdrawn_meanwhile"):
        frozen.result()
    assert (withdrawal.result().snapshots, Snapshot.objects.count()) == ([], 0)


def test_a_withdrawal_that_meets_a_freeze_taints_its_snapshot(context: Dialog, monkeypatch: pytest.MonkeyPatch):
    pause = Paused(monkeypatch, freeze, "write_files")
    frozen, withdrawal = run_both(lambda: freeze_room(context), pause, lambda: take_back(context))
    snapshot = frozen.result()
    snapshot.refresh_from_db()
    assert withdrawal.result().snapshots == [snapshot.digest]
    assert snapshot.state == SnapshotState.TAINTED
    assert not get_snapshot_folder(snapshot.digest).exists()


def test_a_withdrawal_between_reading_and_storing_refuses_the_freeze(context: Dialog, monkeypatch: pytest.MonkeyPatch):
    collect = freeze._collect

    def collect_and_lose(*given: Any) -> Any:
        contents = collect(*given)
        take_back(context)
        return contents

    monkeypatch.setattr(freeze, "_collect", collect_and_lose)
    with pytest.raises(TrainingRefused, match="withdrawn_meanwhile"):
        freeze_room(context)
    assert not Snapshot.objects.exists()
