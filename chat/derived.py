"""What is made of people's words outside `chat`: told when words or consents go, asked when a person takes all along.

`chat` knows no name there; the setting MARY_DERIVED_DATA names the module (see DerivedData), or is empty.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings


class DerivedData(Protocol):
    """Called inside the transaction of whoever calls: it stands or falls with it."""

    def forget_consent(self, user_id: UUID, kind: str) -> None:
        """A consent is taken back: nothing that needed it may be used any longer."""

    def forget_words(self, user_id: UUID, counsel_id: UUID | None) -> str:
        """The words of a room, or of all of a user's rooms, are about to be deleted.

        Returns the address of a receipt that can be read without an account; empty where nothing was made of them.
        """

    def export(self, user_id: UUID) -> dict[str, Any]:
        """What is told to the user about it, as JSON."""


def find_derived_data() -> DerivedData | None:
    name: str = settings.MARY_DERIVED_DATA
    return cast(DerivedData, import_module(name)) if name else None


def forget_consent(user_id: UUID, kind: str) -> None:
    if (derived := find_derived_data()) is not None:
        derived.forget_consent(user_id, kind)


def forget_words(user_id: UUID, counsel_id: UUID | None = None) -> str:
    derived = find_derived_data()
    return derived.forget_words(user_id, counsel_id) if derived is not None else ""


def export_derived(user_id: UUID) -> dict[str, Any]:
    derived = find_derived_data()
    return derived.export(user_id) if derived is not None else {}
