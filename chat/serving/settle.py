"""Flow 15 | runs in: inference worker | takes: a release that every worker verified | gives: its adapter, live.

A release is confirmed by a worker, refused, given to some users, given to all; running replies keep what they have.
Every change locks the character's row, then the release's, so that at any moment one thing is live; who locks an
adapter's row too does so before, and bars no new row that points to it (`no_key`).
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Character, InferenceWorker, Release, ReleaseState
from chat.nudges import notify_workers
from chat.serving.refusals import ServingRefused

WORKERS: Final = "workers"  # in `figures`: what each worker made of it
LOADING: Final = "loading"
CONFIRMED: Final = "confirmed"
DEATHS: Final = 2
"""Workers that were never heard of again after they began to load an adapter, before it is refused."""


def lock_release(release_id: UUID) -> Release:
    """Both rows, in the one order that all use. Raises Release.DoesNotExist."""
    character_id = Release.objects.values_list("character_id", flat=True).get(pk=release_id)
    character = Character.objects.select_for_update(no_key=True).get(pk=character_id)
    release = Release.objects.select_for_update(of=("self",)).select_related("adapter").get(pk=release_id)
    release.character = character
    return release


@transaction.atomic
def begin_verifying(release_id: UUID, worker: str) -> bool:
    """Note that this worker is about to load it; False when there is nothing to verify any more.

    An adapter that kills its workers would kill each new one: after two deaths it is refused instead.
    """
    release = lock_release(release_id)
    if release.state != ReleaseState.VERIFYING:
        return False
    workers = release.figures.setdefault(WORKERS, {})
    alive = set(InferenceWorker.objects.alive().values_list("name", flat=True))
    dead = [name for name, seen in workers.items() if seen == LOADING and name not in alive | {worker}]
    if len(dead) >= DEATHS:
        _end(release, ReleaseState.REFUSED, refusal_code="worker_died", refusal_detail=", ".join(dead))
        return False
    workers[worker] = LOADING
    release.save(update_fields=["figures"])
    return True


@transaction.atomic
def confirm_release(release_id: UUID, worker: str) -> ReleaseState:
    """This worker has loaded it, heard it speak and would serve it. The last worker's word lets it serve."""
    release = lock_release(release_id)
    if release.state == ReleaseState.VERIFYING:
        release.figures.setdefault(WORKERS, {})[worker] = CONFIRMED
        release.save(update_fields=["figures"])
        _advance(release)
    return ReleaseState(release.state)


@transaction.atomic
def settle_release(release_id: UUID) -> ReleaseState:
    """Let it serve if the workers that have not confirmed it are gone by now."""
    release = lock_release(release_id)
    if release.state == ReleaseState.VERIFYING:
        _advance(release)
    return ReleaseState(release.state)


@transaction.atomic
def refuse_release(release_id: UUID, refusal: ServingRefused) -> None:
    """What is live stays as it is."""
    release = lock_release(release_id)
    if release.state == ReleaseState.VERIFYING:
        _end(release, ReleaseState.REFUSED, refusal_code=refusal.code, refusal_detail=refusal.detail)


def make_live(release: Release) -> None:
    """The caller holds both locks (`lock_release`)."""
    now = timezone.now()
    former = Release.objects.of(release.character).live().exclude(pk=release.pk).first()
    if former is not None:
        former.state, former.dt_ended = ReleaseState.SUPERSEDED, now
        former.save(update_fields=["state", "dt_ended"])
    release.former, release.previous_adapter = former, former.adapter if former else None
    release.state, release.dt_live = ReleaseState.LIVE, now
    release.dt_verified = release.dt_verified or now
    release.save()
    set_voice(release.character, release)


def set_voice(character: Character, release: Release) -> None:
    """From the commit on, every reply that is claimed for this character is written with the release's adapter."""
    character.adapter = release.adapter.name if release.adapter else ""
    character.save(update_fields=["adapter"])
    notify_workers("adapters", release.pk)


def _advance(release: Release) -> None:
    workers = release.figures.get(WORKERS, {})
    confirmed = {name for name, seen in workers.items() if seen == CONFIRMED}
    alive = set(InferenceWorker.objects.alive().values_list("name", flat=True))
    if not confirmed or alive - confirmed:
        return
    release.dt_verified = timezone.now()
    if release.canary_percent:
        release.state = ReleaseState.CANARY
        release.save(update_fields=["state", "dt_verified"])
        notify_workers("adapters", release.pk)
    else:
        make_live(release)


def _end(release: Release, state: ReleaseState, **columns: Any) -> None:
    release.state, release.dt_ended = state, timezone.now()
    for column, value in columns.items():
        setattr(release, column, value)
    release.save()
