"""The adapters that are shipped: what their manifests say is what lies beside them, and the characters name them."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from typing import Any

import pytest

from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from chat.inference.engines import packaged_lm
from mymary_site.env import REPOSITORY
from training.starter.build import CHARACTERS

STARTER = REPOSITORY / "training" / "starter"
LARGEST = 8_000_000


def read_manifest(character: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((STARTER / "adapters" / character / "manifest.json").read_text())
    return manifest


@pytest.mark.parametrize("character", CHARACTERS)
def test_files_are_those_of_the_manifest_and_small(character: str) -> None:
    folder, manifest = STARTER / "adapters" / character, read_manifest(character)
    for name, digest in (("adapter.gguf", "gguf_digest"), ("adapter_model.safetensors", "adapter_digest")):
        assert sha256_of(folder / name) == manifest[digest]
        assert (folder / name).stat().st_size <= LARGEST
    assert manifest["command"] == f"python -m training.starter.build {character}"
    assert (folder / "run.log").stat().st_size > 0
    assert (folder / "metrics.jsonl").stat().st_size > 0


@pytest.mark.parametrize("character", CHARACTERS)
def test_it_learned_from_the_data_that_lies_here(character: str) -> None:
    for name, digest in read_manifest(character)["data_digests"].items():
        assert hashlib.sha256((STARTER / "data" / character / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("character", CHARACTERS)
def test_nothing_says_where_it_was_made(character: str) -> None:
    for file in (STARTER / "adapters" / character).iterdir():
        if file.suffix in (".json", ".jsonl", ".log"):
            assert not re.search(r"(?<![\w.])/(root|home|work|tmp|usr|Users)/", file.read_text()), file.name


@pytest.mark.parametrize("character", CHARACTERS)
def test_its_character_names_it(character: str) -> None:
    seeds = tomllib.loads((REPOSITORY / "chat" / "seeds" / "characters.toml").read_text(encoding="utf-8"))
    named = {seed["key"]: seed["adapter"] for seed in seeds["character"]}
    assert named[character] == f"{character}@{read_manifest(character)['gguf_digest'][:DIGEST_CHARACTERS]}"


def test_all_were_made_for_the_packaged_base() -> None:
    made_for = {read_manifest(character)["base_digest"] for character in CHARACTERS}
    assert made_for == {packaged_lm.wheel.EXPECTED_SHA256}
