"""Until when an adapter's answers to the gate's fixed sets stay beside the runs (training/gate/known_answers.py).

The prompts are nobody's words, but an adapter may say what it learned: a tainted one's answers go at once, and those of
others as soon as they neither serve nor may yet. A gate that finds none asks again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import F, Q

from chat.inference.digest import get_digest
from chat.models import Adapter, Character, Release
from training.cycle.evaluate import LIVE_STATES
from training.finetune.run_folder import delete_folder
from training.models import Evaluation, EvaluationState

ANSWERS: Final = ".answers"


def get_answers_folder() -> Path:
    return Path(settings.MARY_RUNS_FOLDER) / ANSWERS


def forget_answers(adapter: Adapter) -> None:
    delete_folder(get_answers_folder() / get_digest(adapter.name))


def sweep_answers() -> None:
    places = list(get_answers_folder().glob("*"))
    kept = set(map(get_digest, _list_heard()))
    for place in places:
        if place.name not in kept:
            delete_folder(place)


def _list_heard() -> set[str]:
    """Untainted adapters that serve, or that one decision may let serve: their next gate is near."""
    serving = Release.objects.filter(dt_ended__isnull=True)
    # Beside another live one than today's, who passed needs a new verdict.
    is_fresh = Q(live__name=F("character__adapter")) | Q(live=None, character__adapter="")
    judged = Evaluation.objects.filter(Q(state__in=LIVE_STATES) | is_fresh & Q(state=EvaluationState.PASSED))
    chosen = Q(name__in=Character.objects.values("adapter")) | Q(releases__in=serving) | Q(evaluations__in=judged)
    return set(Adapter.objects.clean().filter(chosen).values_list("name", flat=True))
