"""A registered adapter on this machine's disk: where it lies, and whether it is still what was registered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.conf import settings

from chat.inference.adapters import AdapterFile
from chat.inference.digest import sha256_of
from chat.models import Adapter
from chat.serving.check import GGUF
from chat.serving.refusals import ServingRefused


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    name: str
    path: Path  # of the .gguf file
    gguf_sha256: str
    base_sha256: str

    @classmethod
    def of(cls, adapter: Adapter) -> Self:
        return cls(adapter.name, locate_folder(adapter) / GGUF, adapter.gguf_sha256, adapter.base_sha256)

    def check(self, base_sha256: str) -> AdapterFile:
        """What an engine with these weights may load; with an empty base, any. Raises ServingRefused."""
        if base_sha256 and self.base_sha256 != base_sha256:
            raise ServingRefused("wrong_base", f"made for {self.base_sha256[:12]}, this one is {base_sha256[:12]}")
        if self.path.is_symlink():
            raise ServingRefused("has_link", self.path.name)
        try:
            found = sha256_of(self.path)
        except OSError as error:
            raise ServingRefused("file_missing", f"{self.name}: {error.strerror}") from error
        if found != self.gguf_sha256:
            raise ServingRefused("digest_mismatch", f"{self.name} is {found[:12]} on disk")
        return AdapterFile(self.name, self.path)


def locate_folder(adapter: Adapter) -> Path:
    return Path(settings.MARY_PUBLISHED_FOLDER) / adapter.folder  # an absolute one stays as it is
