"""The launcher's embedded services really start, from a path with a space, and leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from mymary_site.env import REPOSITORY
from mymary_site.stack import throwaway
from mymary_site.stack.throwaway import start_services


@pytest.fixture
def spaced_temp(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own with a space in it; short, for the sockets, and passable for the services' user."""
    folder = Path(f"/tmp/my mary {os.getpid()}")
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(throwaway, "find_temp", lambda: folder)
    return folder


def list_processes_below(folder: Path) -> list[list[str]]:
    return [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if str(folder) in str(p.info["cmdline"])]


def test_services_work_in_a_path_with_a_space_and_leave_nothing(spaced_temp: Path) -> None:
    with start_services() as urls:
        with psycopg.connect(urls["DATABASE_URL"]) as connection:
            found = connection.execute("SELECT current_user, current_setting('fsync')").fetchone()
            assert found == ("mymary", "off")  # thrown away with its folder: nothing has to survive a power cut
            assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'").fetchone() == (2.0,)
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert list_processes_below(spaced_temp)
    assert not list_processes_below(spaced_temp)
    spaced_temp.rmdir()  # empty, or this fails


def test_a_commands_exit_code_and_arguments_pass_through() -> None:
    command = [sys.executable, "-c", "import os, sys; sys.exit('DATABASE_URL' in os.environ and len(sys.argv))", "a b"]
    launcher = [sys.executable, "-m", "mymary_site.stack", "services", "--", *command]
    assert subprocess.run(launcher, cwd=REPOSITORY).returncode == 2
