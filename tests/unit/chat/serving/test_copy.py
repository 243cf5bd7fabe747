"""The copy that stays: whole or not there, whatever happens to the source or the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chat.serving import copy
from chat.serving.check import CheckedFolder, check_folder
from chat.serving.copy import copy_folder
from chat.serving.refusals import ServingRefused
from tests.adapter_folders import flip_bit, seal, write_adapter


@pytest.fixture
def checked(tmp_path: Path) -> CheckedFolder:
    return check_folder(write_adapter(tmp_path / "mary"), largest_bytes=1_000_000)


def refuse(checked: CheckedFolder, target: Path) -> str:
    with pytest.raises(ServingRefused) as caught:
        copy_folder(checked, target)
    return caught.value.code


def test_the_copy_holds_the_four_files_and_nobody_may_write_them(checked: CheckedFolder, tmp_path: Path) -> None:
    (checked.folder / "run.log").write_text("not taken along")
    for _ in range(2):
        copy_folder(checked, tmp_path / "kept" / "mary@1")
    files = list((tmp_path / "kept" / "mary@1").iterdir())
    assert len(files) == 4
    assert {file.stat().st_mode & 0o777 for file in files} == {0o444}
    assert os.listdir(tmp_path / "kept") == ["mary@1"]


def test_a_source_that_changed_after_the_check_leaves_nothing(checked: CheckedFolder, tmp_path: Path) -> None:
    flip_bit(checked.folder / "adapter.gguf")
    assert refuse(checked, tmp_path / "kept" / "mary@1") == "changed_while_copied"
    assert os.listdir(tmp_path / "kept") == []


def test_a_source_that_vanished_after_the_check_leaves_nothing(checked: CheckedFolder, tmp_path: Path) -> None:
    (checked.folder / "adapter.gguf").unlink()
    assert refuse(checked, tmp_path / "kept" / "mary@1") == "changed_while_copied"
    assert os.listdir(tmp_path / "kept") == []


def test_a_full_disk_leaves_nothing(checked: CheckedFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(copy.shutil, "copyfileobj", fail)
    assert refuse(checked, tmp_path / "kept" / "mary@1") == "copy_failed"
    assert os.listdir(tmp_path / "kept") == []


def test_a_place_that_nobody_may_write_is_refused(checked: CheckedFolder, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    assert refuse(checked, tmp_path / "kept" / "mary@1") == "copy_failed"


def test_what_a_killed_copy_left_is_swept_away(checked: CheckedFolder, tmp_path: Path) -> None:
    (tmp_path / "kept" / ".mary@1.abc").mkdir(parents=True)
    copy_folder(checked, tmp_path / "kept" / "mary@1")
    assert os.listdir(tmp_path / "kept") == ["mary@1"]


def test_the_same_weights_from_a_run_that_began_again_leave_the_first_copy(
    checked: CheckedFolder, tmp_path: Path
) -> None:
    copy_folder(checked, tmp_path / "mary@1")
    first = (tmp_path / "mary@1" / "manifest.json").read_bytes()
    seal(checked.folder, notes="run 2")
    copy_folder(check_folder(checked.folder, largest_bytes=1_000_000), tmp_path / "mary@1")
    assert (tmp_path / "mary@1" / "manifest.json").read_bytes() == first


def test_a_place_that_holds_something_else_is_refused(checked: CheckedFolder, tmp_path: Path) -> None:
    copy_folder(checked, tmp_path / "mary@1")
    (tmp_path / "mary@1" / "adapter.gguf").chmod(0o644)
    flip_bit(tmp_path / "mary@1" / "adapter.gguf")
    assert refuse(checked, tmp_path / "mary@1") == "changed_while_copied"
