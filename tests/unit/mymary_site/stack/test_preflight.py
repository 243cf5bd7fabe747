"""What stops a start is said in one sentence per language, with the remedy."""

import socket
from pathlib import Path

import pytest

from mymary_site.stack import preflight
from mymary_site.stack.refusals import Refusal


def refuse(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, match=f"^\n✗ {code}\n")


def test_a_taken_port_is_refused_with_the_next_one_as_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with refuse("PORT_TAKEN") as caught:
            preflight.check_port("127.0.0.1", port)
    assert f"PORT={port + 1} make run" in caught.value.korean
    assert f"PORT={port + 1} make run" in caught.value.english


def test_a_free_port_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    preflight.check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with refuse("HOST_UNUSABLE"):
        preflight.check_port("192.0.2.1", 8000)


def test_a_full_disk_is_refused_with_what_is_free_and_needed(tmp_path: Path) -> None:
    with refuse("DISK_FULL") as caught:
        preflight.check_disk(tmp_path / "not" / "there" / "yet", needed_mib=10**12)
    assert "1000000000000 MiB" in caught.value.english


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with refuse("FOLDER_UNWRITABLE"):
        preflight.check_writable(tmp_path / "file" / "var")


def test_a_new_folder_is_made_private(tmp_path: Path) -> None:
    preflight.check_writable(tmp_path / "var")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_missing_lm_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with refuse("LM_MISSING") as caught:
        preflight.check_lm(tmp_path / "none.gguf")
    assert "none.gguf" in caught.value.korean


def test_a_missing_lm_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PACKAGED_LM", "no_such_lm")
    with refuse("LM_MISSING"):
        preflight.check_lm(None)


@pytest.mark.parametrize("name", ["a #b", "a ;b", "a\nb"])
def test_a_path_that_supervisor_cannot_read_is_refused(name: str) -> None:
    with refuse("PATH_UNUSABLE"):
        preflight.check_path(Path("/srv") / name)


def test_spaces_percent_signs_and_hangul_pass() -> None:
    preflight.check_path(Path("/srv/내 마리 50%#1;2"))
