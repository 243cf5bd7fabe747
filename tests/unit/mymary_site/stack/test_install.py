"""A second start skips what has not changed."""

from pathlib import Path

import pytest

from mymary_site.stack import install


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "base.txt"
    file.write_text("django==5.2\n")
    return file


def test_nothing_is_fresh_before_the_first_installation(tmp_path: Path, requirements: Path) -> None:
    assert not install.is_fresh(tmp_path, "base", [requirements])


def test_unchanged_requirements_are_fresh(tmp_path: Path, requirements: Path) -> None:
    install.write_stamp(tmp_path, "base", [requirements])
    assert install.is_fresh(tmp_path, "base", [requirements])
    assert not install.is_fresh(tmp_path, "dev", [requirements])


def test_a_changed_pin_is_stale(tmp_path: Path, requirements: Path) -> None:
    install.write_stamp(tmp_path, "base", [requirements])
    requirements.write_text("django==5.3\n")
    assert not install.is_fresh(tmp_path, "base", [requirements])


def test_another_python_is_stale(tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install.write_stamp(tmp_path, "base", [requirements])
    monkeypatch.setattr("sys.version", "3.99")
    assert not install.is_fresh(tmp_path, "base", [requirements])
