"""Which adapter a reply is written with: the character's, or for a fixed share of its users the one that is tried."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chat.models import Character, Release, ReleaseState

SHARES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Canary:
    release_id: UUID
    adapter: str
    percent: int


def list_canaries(character_ids: Collection[UUID]) -> dict[UUID, Canary]:
    rows = Release.objects.filter(
        state=ReleaseState.CANARY, character_id__in=character_ids, adapter__isnull=False
    ).values_list("character_id", "pk", "adapter__name", "canary_percent")
    return {character_id: Canary(pk, name, percent) for character_id, pk, name, percent in rows}


def choose_adapter(character: Character, user_id: UUID, canaries: Mapping[UUID, Canary]) -> str:
    """Empty for the bare lm."""
    canary = canaries.get(character.pk)
    if canary is not None and is_in_canary(user_id, canary.release_id, canary.percent):
        return canary.adapter
    return character.adapter


def is_in_canary(user_id: UUID, release_id: UUID, percent: int) -> bool:
    """The same answer for the same user as long as the release lasts; other users for the next release."""
    digest = hashlib.sha256(user_id.bytes + release_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % SHARES < percent * SHARES // 100
