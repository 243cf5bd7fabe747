"""What serves a character now."""

from __future__ import annotations

from chat.models import Adapter, Character


def find_live_adapter(character: Character) -> Adapter | None:
    """None where the bare lm answers."""
    name = Character.objects.values_list("adapter", flat=True).get(pk=character.pk)
    return Adapter.objects.filter(name=name).first() if name else None
