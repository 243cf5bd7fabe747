"""Which adapters on disk are loaded, and that a bad one never keeps a worker from starting."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import pytest

from chat.inference.adapters import AdapterRefused, check_adapter, find_adapters

BASE = "a" * 64
WEIGHTS = b"GGUF and whatever follows"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()


def write_adapter(place: Path, *, weights: bytes = WEIGHTS, manifest: object = None) -> Path:
    place.mkdir(parents=True)
    (place / "adapter.gguf").write_bytes(weights)
    (place / "manifest.json").write_text(
        json.dumps({"gguf_digest": DIGEST, "base_digest": BASE} if manifest is None else manifest)
    )
    return place


def test_an_adapter_is_named_by_its_folder_and_its_digest(tmp_path: Path) -> None:
    adapter = check_adapter(write_adapter(tmp_path / "mary"), BASE)
    assert adapter.name == f"mary@{DIGEST[:12]}"
    assert adapter.path == tmp_path / "mary" / "adapter.gguf"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"weights": WEIGHTS + b"!"}, "its manifest says"),
        ({"weights": b"PK a pickle in a zip"}, "no GGUF file"),
        ({"manifest": []}, "no object"),
        ({"manifest": {"gguf_digest": DIGEST, "base_digest": "b" * 64}}, "made for base bbbbbbbbbbbb"),
        ({"manifest": {"gguf_digest": DIGEST}}, "made for base None"),
    ],
)
def test_what_is_not_what_it_says_is_refused(tmp_path: Path, fields: dict, reason: str) -> None:
    with pytest.raises(AdapterRefused, match=reason):
        check_adapter(write_adapter(tmp_path / "bad", **fields), BASE)


def test_a_bad_one_is_left_out_and_named_and_the_others_are_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_adapter(tmp_path / "good")
    write_adapter(tmp_path / "bad", weights=b"")
    (tmp_path / "empty").mkdir()
    with caplog.at_level(logging.WARNING):
        assert [adapter.name.partition("@")[0] for adapter in find_adapters(tmp_path, BASE)] == ["good"]
    assert [record.args[0] for record in caplog.records] == ["bad", "empty"]


def test_no_folder_means_no_adapters(tmp_path: Path) -> None:
    assert find_adapters(tmp_path / "absent", BASE) == []
