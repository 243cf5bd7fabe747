"""The launcher's hold on supervisord: start it, tell it what to start, ask for pids, shut it down.

`Supervision.list_pids` is also how a harness finds the process that it wants to kill.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from mymary_site.stack.layout import Layout
from mymary_site.stack.programs import Group, Program
from mymary_site.stack.refusals import did_not_answer
from mymary_site.stack.supervisor_conf import render_conf

START_SECONDS = 10.0
OPEN_FILES = 8192  # 1,000 sockets per web process with room to spare


class Supervision:
    """A client of the supervisord that listens on this socket, whoever started it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def is_answering(self) -> bool:
        """True until it is gone: while it shuts down, it answers every question with a fault."""
        try:
            self._ask("getState")
        except Fault:
            return True
        except OSError:
            return False
        return True

    def start(self, group: Group) -> None:
        """Returns at once; whether the group works is for its own check to say."""
        self._ask("startProcessGroup", group.value, False)

    def list_pids(self) -> dict[str, int]:
        """Program name → pid of its main process; programs that are down are missing."""
        return {info["name"]: info["pid"] for info in self._list_programs() if info["pid"]}

    def list_given_up(self) -> list[str]:
        """Programs that supervisor no longer restarts."""
        return [info["name"] for info in self._list_programs() if info["statename"] == "FATAL"]

    def shut_down(self) -> None:
        """Returns at once; supervisord ends after the last program."""
        self._ask("shutdown")

    def _list_programs(self) -> list[dict[str, Any]]:
        programs: list[dict[str, Any]] = self._ask("getAllProcessInfo")
        return programs

    def _ask(self, question: str, *arguments: object) -> Any:
        # A connection per question: supervisord is restarted now and then, and a kept one would be a dead one.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        with ServerProxy("http://supervisor", transport=transport) as proxy:
            return getattr(proxy.supervisor, question)(*arguments)


def start_supervisord(
    layout: Layout, programs: Iterable[Program], environ: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    text = render_conf(layout, programs, open_files=_limit_open_files(), root_user=os.geteuid() == 0)
    layout.supervisor_conf.write_text(text)
    log = layout.log / "supervisord.log"
    with open(log, "ab") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", layout.supervisor_conf],
            env=environ,
            cwd=layout.home,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which then stops things in order
        )
    _wait_until_answering(Supervision(layout.supervisor_socket), process, log)
    return process


def _wait_until_answering(supervision: Supervision, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not supervision.is_answering():
        if process.poll() is not None or time.monotonic() > deadline:
            raise did_not_answer("supervisord", log)
        time.sleep(0.05)


def _limit_open_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
