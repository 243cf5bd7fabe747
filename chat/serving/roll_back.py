"""Back to the adapter before, at once: the workers still have it, so the next reply is written with it.

Behind the first adapter, and where all former ones are tainted, stands the bare lm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Adapter, Character, Release, ReleaseState, User
from chat.nudges import notify_workers
from chat.serving.refusals import ServingRefused
from chat.serving.settle import lock_release, set_voice


@dataclass(frozen=True, slots=True)
class RolledBack:
    release: Release  # with `dt_live` if it was live, without if it was open
    trial: Release | None  # what was open beside the live one, and ended with it


def roll_back(release_id: UUID, *, decided_by: User | None, reason: str) -> RolledBack:
    """End this release, whoever else decides at the same moment.

    If it is live, what was live before speaks again, and what is open beside it is called off: it was tried against
    the one that goes. If it is open, what is live speaks on. Raises ServingRefused: already_ended, or
    nothing_to_roll_back, where it is the bare lm with nothing before it.
    """
    while True:
        with transaction.atomic():
            former = find_former(Release.objects.get(pk=release_id))
            _lock_adapter(former)  # always before the character's row
            release = lock_release(release_id)
            if release.state == ReleaseState.LIVE and find_former(release) != former:
                continue  # tainted while its lock was waited for, or not the one before any more
            return _roll_back(release, former, decided_by, reason)


@transaction.atomic
def call_off_if_open(release_id: UUID, *, decided_by: User | None, reason: str) -> bool:
    """End this one release; False where it has gone live or ended meanwhile."""
    release = lock_release(release_id)
    if release.state not in (ReleaseState.VERIFYING, ReleaseState.CANARY):
        return False
    call_off(release, ended_by=decided_by, end_reason=reason)
    return True


def has_way_back(release: Release) -> bool:
    """Whether rolling back this open or live release does something."""
    is_open = release.state in (ReleaseState.VERIFYING, ReleaseState.CANARY)
    return is_open or release.adapter_id is not None or find_former(release) is not None


def call_off(release: Release, **columns: Any) -> Release:
    """End an open or live release; whose voice speaks then, the caller says. The caller holds both locks."""
    release.state, release.dt_ended = ReleaseState.ROLLED_BACK, timezone.now()
    for column, value in columns.items():
        setattr(release, column, value)
    release.save()
    notify_workers("adapters", release.pk)
    return release


def _lock_adapter(former: Release | None) -> None:
    """Nobody taints the adapter of this release until the transaction ends."""
    if former is not None and former.adapter_id is not None:
        Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=former.adapter_id)


def _roll_back(release: Release, former: Release | None, decided_by: User | None, reason: str) -> RolledBack:
    end = {"ended_by": decided_by, "end_reason": reason}
    if release.state in (ReleaseState.VERIFYING, ReleaseState.CANARY):
        return RolledBack(call_off(release, **end), None)
    if release.state != ReleaseState.LIVE:
        raise ServingRefused("already_ended", str(release.adapter or release.character.key))
    if former is None and release.adapter_id is None:
        raise ServingRefused("nothing_to_roll_back", release.character.key)
    trial = Release.objects.of(release.character).open().select_for_update(of=("self",)).first()
    if trial is not None:
        call_off(trial, **end)
    call_off(release, **end)
    _restore(release.character, former, decided_by, reason)
    return RolledBack(release, trial)


def _restore(character: Character, former: Release | None, decided_by: User | None, reason: str) -> None:
    now = timezone.now()
    restored = Release.objects.create(
        character=character,
        adapter=former.adapter if former else None,
        previous_adapter=former.previous_adapter if former else None,
        former=former.former if former else None,
        state=ReleaseState.LIVE,
        decided_by=decided_by,
        reason=reason,
        dt_verified=now,
        dt_live=now,
    )
    set_voice(character, restored)


def find_former(release: Release) -> Release | None:
    """The newest one before it that may still speak; tainted ones are passed over. None: the bare lm is before it."""
    former = release.former
    while former is not None and former.adapter is not None and former.adapter.is_tainted:
        former = former.former
    return former
