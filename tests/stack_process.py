"""The product as a person starts it, in a temporary folder on a free port, for tests that kill its processes.

with StackProcess(folder, engine="fake") as stack:
    people = stack.make_people(20)
    stack.kill("worker")
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import psutil

from mymary_site.env import REPOSITORY
from mymary_site.stack.layout import plan_layout
from mymary_site.stack.supervision import Supervision

START_SECONDS = 90.0
STOP_SECONDS = 40.0
POLL_SECONDS = 0.05
OUTER = ("DATABASE_URL", "REDIS_URL", "MARY_SECRET_KEY", "MARY_ALLOWED_ORIGINS", "MARY_LM", "DJANGO_SETTINGS_MODULE")
"""Variables of the surrounding test run that must not reach this stack."""

Program = Literal["web", "worker", "valkey", "postgres", "celery", "celery-training", "beat"]


@dataclass(frozen=True)
class Person:
    """A user with consents, an API token and one open room."""

    user_id: str
    login_id: str
    token: str
    counsel_id: str


class StackProcess:
    def __init__(
        self,
        folder: Path,
        *,
        engine: Literal["fake", "llamacpp"] = "fake",
        slots: int = 64,
        tokens_per_second: float = 30.0,
        reply_tokens: int = 40,
        settings_module: str = "mymary_site.settings.dev",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.port = find_free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.layout = plan_layout(folder, self.port, is_root=os.geteuid() == 0)
        self._output = folder / "launcher.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._service_urls: dict[str, str] = {}
        self._environ = {name: value for name, value in os.environ.items() if name not in OUTER} | {
            "PORT": str(self.port),
            "MARY_VAR": str(folder),
            "MARY_ENGINE": engine,
            "MARY_ENGINE_SLOTS": str(slots),
            "MARY_FAKE_TOKENS_PER_SECOND": str(tokens_per_second),
            "MARY_FAKE_REPLY_TOKENS": str(reply_tokens),
            "DJANGO_SETTINGS_MODULE": settings_module,
            **(environ or {}),
        }

    # --- life -----------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mymary_site.stack", "run"],
                cwd=REPOSITORY,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ctrl-C, as a person does it; a launcher that does not end is killed, which fails the test.

        The services' data goes too: for root it lies outside the folder that the test cleans up itself.
        """
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._process = None
            shutil.rmtree(self.layout.data, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        """Ready means that a message sent now is answered: the web process answers and a worker is alive."""
        deadline = time.monotonic() + START_SECONDS
        while self.get_health().get("workers_alive", 0) < 1:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stack did not start:\n{self._output.read_text(errors='replace')[-4000:]}")
            time.sleep(POLL_SECONDS)
        environ = psutil.Process(self.get_pid("web")).environ()
        self._service_urls = {name: environ[name] for name in ("DATABASE_URL", "REDIS_URL", "MARY_SECRET_KEY")}

    # --- what stands inside ---------------------------------------------------------------------------------

    @property
    def database_url(self) -> str:
        return self._service_urls["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self._service_urls["REDIS_URL"]

    def get_health(self) -> dict[str, Any]:
        """What /healthz says; empty while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.origin}/healthz", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            return dict(json.load(refusal))
        except (OSError, ValueError):
            return {}

    def list_pids(self) -> dict[str, int]:
        return Supervision(self.layout.supervisor_socket).list_pids()

    def get_pid(self, program: Program) -> int:
        return self.list_pids()[program]

    def read_log(self, program: Program) -> str:
        return (self.layout.log / f"{program}.log").read_text(errors="replace")

    def build_environ(self) -> dict[str, str]:
        """For further processes of the product beside the stack's own."""
        return self._environ | self._service_urls

    def make_people(self, count: int, *, password: str = "") -> list[Person]:
        command = [sys.executable, "-m", "tests.stack_people", str(count), password]
        made = subprocess.run(command, cwd=REPOSITORY, env=self.build_environ(), stdout=subprocess.PIPE, check=True)
        return [Person(**fields) for fields in json.loads(made.stdout)]

    # --- what is done to it ---------------------------------------------------------------------------------

    def kill(self, program: Program, number: signal.Signals = signal.SIGKILL) -> int:
        """kill -9 of the program's main process, which supervisord starts again. Returns the pid that died.

        SIGQUIT is PostgreSQL's immediate stop, the word for a power cut that its children hear too.
        """
        pid = self.get_pid(program)
        os.kill(pid, number)
        return pid

    def wait_until_restarted(self, program: Program, old_pid: int, timeout_seconds: float = 60.0) -> float:
        """Seconds until the program runs under a new pid and the whole stack reports itself healthy."""
        began = time.monotonic()
        while time.monotonic() - began < timeout_seconds:
            pid = self.list_pids().get(program)
            health = self.get_health() if pid and pid != old_pid else {}
            if health.get("database") and health.get("valkey") and health.get("workers_alive"):
                return time.monotonic() - began
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{program} did not come back within {timeout_seconds:.0f} s")


def end_gently_on_sigterm() -> None:
    """For programs that hold a stack: a SIGTERM then leaves through `stop`, and nothing stays behind."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
