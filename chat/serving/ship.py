"""The adapters that come with the product: registered where they lie, and live without anybody's decision."""

from __future__ import annotations

import logging
from pathlib import Path

from django.db import transaction

from chat.models import SHIPPED, Adapter, Character, Release
from chat.serving.refusals import ServingRefused
from chat.serving.register import register_shipped
from chat.serving.settle import make_live

logger = logging.getLogger(__name__)


@transaction.atomic
def release_shipped(key: str, folder: Path) -> None:
    """Make the adapter of that name below the folder live, where the character asks for it. Idempotent.

    A newer product brings newer adapters: they take the place of older ones that came with it, and of nothing that a
    person decided.
    """
    character = Character.objects.select_for_update(no_key=True).get(key=key)
    live = Release.objects.of(character).live().select_related("adapter").first()
    adapter = _find_shipped(folder / key, character)
    if adapter is None or (live is not None and live.adapter_id == adapter.pk):
        return
    is_asked_for = character.adapter == adapter.name
    if is_asked_for or (live is not None and live.reason == SHIPPED):
        make_live(Release(character=character, adapter=adapter, reason=SHIPPED))


def _find_shipped(folder: Path, character: Character) -> Adapter | None:
    if not folder.is_dir():
        return None
    try:
        return register_shipped(folder, character)
    except ServingRefused as refusal:
        logger.warning("the adapter that ships with %s is left out: %s", character.key, refusal)
        return None
