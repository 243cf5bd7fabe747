"""Which verdict lets an adapter go live: the newest of the two that stand side by side, and none before a fall."""

from __future__ import annotations

import pytest
from django.utils import timezone

from chat.models import Adapter, Release
from tests.flywheel_pages import build_evaluation, build_live
from tests.flywheel_rows import build_adapter, build_staff
from training.cycle.promote import promote
from training.cycle.refusals import TrainingRefused
from training.models import Evaluation, TrainingRun

pytestmark = pytest.mark.django_db


def again(evaluation: Evaluation, state: str = "passed", **fields) -> Evaluation:
    """The same two, compared once more."""
    ended = {} if state in ("queued", "running") else {"dt_finished": timezone.now(), "report": {"verdict": state}}
    pair = {name: getattr(evaluation, name) for name in ("run", "character", "candidate", "live")}
    return Evaluation.objects.create(state=state, **pair, **ended, **fields)


def promote_it(evaluation: Evaluation) -> Release:
    return promote(evaluation, build_staff(), reason="더 따뜻해요")


@pytest.mark.parametrize("state", ["refused", "queued", "failed", "passed"])
def test_only_the_newest_verdict_of_the_two_counts(state):
    old = build_evaluation()
    new = again(old, state)
    with pytest.raises(TrainingRefused, match="newer_evaluation"):
        promote_it(old)
    if state == "passed":
        assert promote_it(new).adapter == new.candidate


def test_a_verdict_against_another_adapter_does_not_count():
    evaluation = build_evaluation()
    build_live(evaluation.character)
    with pytest.raises(TrainingRefused, match="stale_evaluation"):
        promote_it(evaluation)


def test_what_was_rolled_back_goes_live_only_after_a_newer_verdict():
    evaluation = build_evaluation()
    fallen = {"state": "rolled_back", "dt_ended": timezone.now(), "canary_percent": 10}
    Release.objects.create(character=evaluation.character, adapter=evaluation.candidate, **fallen)
    with pytest.raises(TrainingRefused, match="was_rolled_back"):
        promote_it(evaluation)
    assert promote_it(again(evaluation)).adapter == evaluation.candidate


def test_a_child_of_a_tainted_adapter_does_not_go_live():
    evaluation = build_evaluation()
    TrainingRun.objects.update(parent=build_adapter(evaluation.character, "parent"))
    Adapter.objects.filter(name__startswith="parent").update(is_tainted=True, dt_tainted=timezone.now())
    with pytest.raises(TrainingRefused, match="adapter_tainted"):
        promote_it(evaluation)
