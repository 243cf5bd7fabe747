"""A killed launcher's processes are found by their run, and nobody else's are touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mymary_site.stack.layout import Layout
from mymary_site.stack.leftovers import TAG, end_leftovers, hold_lock, list_leftovers
from mymary_site.stack.refusals import Refusal


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(home=tmp_path, data=tmp_path, binaries=tmp_path, runtime=tmp_path)


@pytest.fixture
def leftover(layout: Layout) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"]
    environ = {**os.environ, TAG: str(layout.home)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its environment can be read only once it runs
        yield process
        process.kill()


@pytest.mark.usefixtures("leftover")
def test_another_run_has_no_part_in_it(layout: Layout, tmp_path: Path) -> None:
    other = Layout(home=tmp_path / "other", data=tmp_path, binaries=tmp_path, runtime=tmp_path)
    assert list_leftovers(other) == []


@pytest.mark.parametrize("gently", [True, False])
def test_leftovers_are_found_and_ended(layout: Layout, leftover: "subprocess.Popen[bytes]", gently: bool) -> None:
    found = list_leftovers(layout)
    assert [process.pid for process in found] == [leftover.pid]
    end_leftovers(layout, found, gently=gently)
    assert list_leftovers(layout) == []


def test_a_live_run_is_not_taken_for_a_leftover(layout: Layout) -> None:
    with hold_lock(layout, 8000), pytest.raises(Refusal, match="ALREADY_RUNNING"), hold_lock(layout, 8000):
        pass
    with hold_lock(layout, 8000):  # free again
        pass
