"""Back to the adapter before, at once: the workers still have it, so the next reply is written with it.

Behind the first adapter, and where all former ones are tainted, stands the bare lm.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Character, Release, ReleaseState, User
from chat.nudges import notify_workers
from chat.serving.refusals import ServingRefused
from chat.serving.settle import lock_release, set_voice


@transaction.atomic
def roll_back(character: Character, *, decided_by: User | None, reason: str) -> Release:
    """Call off the release that is open, or else put what was live before back in the place of what is live.

    Returns the release that ended as rolled back. Raises ServingRefused: nothing_to_roll_back, where nothing is live
    or the bare lm is, with nothing before it.
    """
    locked = Character.objects.select_for_update().get(pk=character.pk)
    current = Release.objects.of(locked).open().first() or Release.objects.of(locked).live().first()
    if current is None:
        raise ServingRefused("nothing_to_roll_back", locked.key)
    release = lock_release(current.pk)
    if release.state == ReleaseState.LIVE:
        return _restore_former(release, decided_by, reason)
    return call_off(release, ended_by=decided_by, end_reason=reason)


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
    """End an open release; what is live has never stopped being so. The caller holds both locks."""
    release.state, release.dt_ended = ReleaseState.ROLLED_BACK, timezone.now()
    for column, value in columns.items():
        setattr(release, column, value)
    release.save()
    notify_workers("adapters", release.pk)
    return release


def _restore_former(release: Release, decided_by: User | None, reason: str) -> Release:
    former = find_former(release)
    if former is None and release.adapter_id is None:
        raise ServingRefused("nothing_to_roll_back", release.character.key)
    call_off(release, ended_by=decided_by, end_reason=reason)
    now = timezone.now()
    restored = Release.objects.create(
        character=release.character,
        adapter=former.adapter if former else None,
        previous_adapter=former.previous_adapter if former else None,
        former=former.former if former else None,
        state=ReleaseState.LIVE,
        decided_by=decided_by,
        reason=reason,
        dt_verified=now,
        dt_live=now,
    )
    set_voice(release.character, restored)
    return release


def find_former(release: Release) -> Release | None:
    """The newest one before it that may still speak; tainted ones are passed over. None: the bare lm is before it."""
    former = release.former
    while former is not None and former.adapter is not None and former.adapter.is_tainted:
        former = former.former
    return former
