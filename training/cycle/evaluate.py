"""Flow 13 | runs in: celery + process | takes: candidate and live adapter | gives: an evaluation with verdict

Here an evaluation is asked for; `run_evaluation` runs the gate. Whatever goes wrong there is no pass.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from chat.models import Character
from chat.serving.live import find_live_adapter
from training.bell import ring
from training.cycle.run_refusals import RunRefused
from training.models import Evaluation, EvaluationState, TrainingRun

TASK: Final = "training.tasks.advance_evaluations"
LIVE_STATES: Final = (EvaluationState.QUEUED, EvaluationState.RUNNING)


@transaction.atomic
def ask_for_evaluation(run: TrainingRun) -> Evaluation:
    """The run's adapter beside the one that speaks now; an evaluation of it that waits already is given back.

    Raises RunRefused.
    """
    if run.adapter is None:
        raise RunRefused("run_not_done")
    character = Character.objects.select_for_update(no_key=True).get(pk=run.character_id)
    live = find_live_adapter(character)
    waiting = Evaluation.objects.filter(candidate=run.adapter, live=live, state__in=LIVE_STATES).first()
    if waiting is not None:
        return waiting
    evaluation = Evaluation.objects.create(run=run, character=character, candidate=run.adapter, live=live)
    ring(TASK)
    return evaluation
