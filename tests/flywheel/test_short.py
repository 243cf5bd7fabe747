"""The short form of `make flywheel`: the whole loop with the real base model, as a program of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mymary_site.env import REPOSITORY

COMMAND = [sys.executable, "-m", "tests.flywheel", "--short"]
LONGEST_SECONDS = 840


@pytest.mark.timeout(900)
def test_what_people_rate_becomes_an_adapter_that_speaks() -> None:
    with subprocess.Popen(COMMAND, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as story:
        try:
            told, _ = story.communicate(timeout=LONGEST_SECONDS)
        finally:
            story.terminate()  # gently: what it started ends with it
    assert story.returncode == 0, told.decode(errors="replace")[-5000:]
