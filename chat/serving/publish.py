"""A person's decision → a release that the inference workers verify. Nothing changes for anybody yet."""

from __future__ import annotations

from django.db import transaction

from chat.models import LARGEST_CANARY_PERCENT, Adapter, Character, Release, User
from chat.nudges import notify_workers
from chat.serving.refusals import ServingRefused


@transaction.atomic
def publish(
    adapter: Adapter,
    *,
    decided_by: User | None,
    reason: str,
    canary_percent: int = 0,
    character: Character | None = None,
) -> Release:
    """Ask the workers to verify the adapter, then serve it to `canary_percent` of the users, or to all with 0.

    `character`: whose voice it becomes, where the caller wants that checked. Raises ServingRefused: canary_share_bad,
    wrong_character, tainted, already_open, already_live.
    """
    if not 0 <= canary_percent <= LARGEST_CANARY_PERCENT:
        raise ServingRefused("canary_share_bad", str(canary_percent))
    if character is not None and character.pk != adapter.character_id:
        raise ServingRefused("wrong_character", f"{adapter.name} for {character.key}")
    # Always before the character's row, and without barring new rows that point to the adapter.
    current = Adapter.objects.select_for_update(of=("self",), no_key=True).get(pk=adapter.pk)
    locked = Character.objects.select_for_update(no_key=True).get(pk=adapter.character_id)
    if current.is_tainted:
        raise ServingRefused("tainted", adapter.name)
    if Release.objects.of(locked).open().exists():
        raise ServingRefused("already_open", locked.key)
    live = Release.objects.of(locked).live().first()
    if live is not None and live.adapter_id == adapter.pk:
        raise ServingRefused("already_live", adapter.name)
    release = Release.objects.create(
        character=locked,
        adapter=adapter,
        previous_adapter=live.adapter if live else None,
        former=live,
        canary_percent=canary_percent,
        decided_by=decided_by,
        reason=reason,
    )
    notify_workers("adapters", release.pk)
    return release
