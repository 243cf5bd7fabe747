"""A folder from training → a row and an immutable copy named `character@digest`. Nothing serves it yet."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from chat.inference.digest import DIGEST_CHARACTERS, get_digest
from chat.models import Adapter, Character, InferenceWorker
from chat.serving.check import GGUF, NAME, WEIGHTS, CheckedFolder, check_folder
from chat.serving.copy import copy_folder
from chat.serving.refusals import ServingRefused


def register_adapter(folder: Path, character: Character) -> Adapter:
    """Idempotent: the same weights give the same row, with the manifest that they were first registered with.

    Raises ServingRefused, and then nothing is left behind.
    """
    checked = check_folder(folder, largest_bytes=settings.MARY_ADAPTER_BYTES, base=_find_base())
    name = name_adapter(character, checked)
    with transaction.atomic():
        Character.objects.select_for_update(no_key=True).get(pk=character.pk)
        copy_folder(checked, Path(settings.MARY_PUBLISHED_FOLDER) / name)
        return _record(checked, character, name, folder=name)


def register_shipped(folder: Path, character: Character) -> Adapter:
    """Like `register_adapter`, for what came with the product: it stays where it lies. Raises ServingRefused."""
    checked = check_folder(folder, largest_bytes=settings.MARY_ADAPTER_BYTES)
    adapter = _record(checked, character, name_adapter(character, checked), folder=str(folder))
    if adapter.folder.startswith("/") and adapter.folder != str(folder):  # the product was moved
        adapter.folder = str(folder)
        adapter.save(update_fields=["folder"])
    return adapter


def name_adapter(character: Character, checked: CheckedFolder) -> str:
    if not NAME.fullmatch(character.key):
        raise ServingRefused("name_bad", character.key)
    return f"{character.key}@{checked.sha256[GGUF][:DIGEST_CHARACTERS]}"


def _record(checked: CheckedFolder, character: Character, name: str, *, folder: str) -> Adapter:
    adapter, _ = Adapter.objects.get_or_create(
        name=name,
        defaults={
            "character": character,
            "gguf_sha256": checked.sha256[GGUF],
            "weights_sha256": checked.sha256[WEIGHTS],
            "base_sha256": checked.base_sha256,
            "folder": folder,
            "manifest": checked.manifest,
            "size_bytes": checked.size_bytes,
        },
    )
    return adapter


def _find_base() -> str:
    """The beginning of the sha256 of what workers run; empty before the first one ran. Each worker checks it again."""
    newest = InferenceWorker.objects.filter(lm__contains="@").order_by("-dt_heartbeat").first()
    return get_digest(newest.lm) if newest else ""
