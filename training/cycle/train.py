"""Flow 12 | runs in: celery + process | takes: an approved snapshot, settings | gives: a run folder with its adapter

Here a run is asked for and cancelled; `run_training` runs it, in a worker that holds its claim.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from chat.models import Adapter, Character, User
from training.bell import ring
from training.cycle.run_refusals import RunRefused
from training.finetune.config import ConfigError, parse_config
from training.models import LIVE_RUN_STATES, RunState, Snapshot, SnapshotState, TrainingRun

TASK: Final = "training.tasks.advance_runs"
FIXED: Final = ("base", "template", "parent_adapter")
"""Settings that follow from the character: its lm, its persona, the adapter that it speaks with."""
REFUSED_STATES: Final = {
    SnapshotState.BUILT: "snapshot_not_approved",
    SnapshotState.REJECTED: "snapshot_rejected",
    SnapshotState.TAINTED: "snapshot_tainted",
}


def ask_for_run(snapshot: Snapshot, *, by: User | None, trigger: str, config: dict[str, Any]) -> TrainingRun:
    """A queued run. `config`: `preset` and settings over it. Raises RunRefused."""
    check_config(config)
    with transaction.atomic():
        # Locked, so that nobody withdraws from it, and nobody else asks for it, between check and row.
        locked = Snapshot.objects.select_for_update().get(pk=snapshot.pk)
        if locked.state in REFUSED_STATES:
            raise RunRefused(REFUSED_STATES[SnapshotState(locked.state)])
        if locked.runs.filter(state__in=LIVE_RUN_STATES).exists():
            raise RunRefused("already_asked")
        run = TrainingRun.objects.create(
            snapshot=locked,
            character=locked.character,
            parent=lock_parent(locked.character),
            config=config,
            trigger=trigger,
            started_by=by,
        )
        ring(TASK)
    return run


def cancel_run(run: TrainingRun, by: User | None) -> TrainingRun:
    """A waiting run ends at once, a running one within seconds. Cancelling twice is fine. Raises RunRefused."""
    with transaction.atomic():
        locked = TrainingRun.objects.select_for_update().get(pk=run.pk)
        now = timezone.now()
        if locked.state not in LIVE_RUN_STATES:
            raise RunRefused("run_over")
        if locked.dt_cancel_requested is None:
            locked.dt_cancel_requested, locked.cancelled_by = now, by
        if locked.state == RunState.QUEUED:
            locked.state, locked.dt_finished, locked.error_code = RunState.CANCELLED, now, "cancelled"
        locked.save(update_fields=["state", "dt_cancel_requested", "cancelled_by", "dt_finished", "error_code"])
    return locked


def check_config(config: dict[str, Any]) -> None:
    """Raises RunRefused for settings that the trainer would refuse, and for those that are not anybody's to choose."""
    if fixed := sorted(set(config) & set(FIXED)):
        raise RunRefused("setting_fixed", ", ".join(fixed))
    try:
        written = json.dumps(config, allow_nan=False)
        parse_config({**config, "base": "the character's"})
    except (ConfigError, ValueError, TypeError) as error:
        raise RunRefused("config_refused", str(error)) from error
    if "\\u0000" in written:
        raise RunRefused("config_refused", "a text holds a zero character")


def lock_parent(character: Character) -> Adapter | None:
    """What `find_parent` finds, still clean under its row lock: nobody taints it before the run stands."""
    while (found := find_parent(character)) is not None:
        locked = Adapter.objects.clean().select_for_update(of=("self",), no_key=True).filter(pk=found.pk).first()
        if locked is not None:
            return locked
    return None


def find_parent(character: Character) -> Adapter | None:
    """What the run goes on from: the adapter that speaks now, or, where that is tainted, the last clean one that did.

    Never one that only waits for its gate, or was refused there. None: the bare lm.
    """
    clean = Adapter.objects.of(character).clean()
    spoke = clean.filter(releases__dt_live__isnull=False).order_by("-releases__dt_live")
    return clean.filter(name=character.adapter).first() or spoke.first()
