"""A watched process ends with whoever watches it, and is otherwise what `python -m` would have run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mymary_site.env import REPOSITORY
from training import watched


def start(module: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "training.watched", module, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_byte_means_somebody_watches() -> None:
    reader, writer = os.pipe()
    os.write(writer, b".")
    assert watched.is_watched(reader)


def test_a_closed_pipe_means_nobody_does() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    assert not watched.is_watched(reader)


def test_silence_means_that_the_watcher_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "SILENCE_SECONDS", 0.05)
    reader, _writer = os.pipe()
    assert not watched.is_watched(reader)


def test_a_process_whose_watcher_dies_is_asked_to_end(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    with start("sleeper", tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.stdin.close()
        assert process.wait(20) == -signal.SIGTERM


def test_arguments_and_exit_code_are_the_module_s(tmp_path: Path) -> None:
    with start("json.tool", tmp_path) as process:
        assert process.wait(20) == 2  # before anything closes its stdin
        assert process.stdout is not None
        assert str(tmp_path).encode() in process.stdout.read()


def test_a_folder_is_free_again_only_with_the_end_of_its_process(tmp_path: Path) -> None:
    held = watched.find_lock(tmp_path)
    assert held is not None
    assert not watched.is_free(tmp_path)
    with start("json.tool", tmp_path) as process:
        assert process.wait(20) == watched.REFUSED
    os.close(held)
    assert watched.is_free(tmp_path)
