"""Private PostgreSQL and Valkey in a temporary folder around one command: what `make test` runs in.

A kill -9 of this process itself leaves the services running; everything gentler stops them.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from types import FrameType

from mymary_site.stack.embedded import Embedded, build_embedded
from mymary_site.stack.layout import Layout, find_temp, make_folders
from mymary_site.stack.owner import Owner, find_owner
from mymary_site.stack.service import Service

STOP_SECONDS = 10


@contextmanager
def start_services() -> Iterator[dict[str, str]]:
    """Yields DATABASE_URL and REDIS_URL; afterwards neither process nor folder is left."""
    owner = find_owner()
    with _temporary_layout(owner) as layout:
        embedded = build_embedded(layout, owner, with_postgres=True, with_valkey=True, say=_say, is_durable=False)
        processes = [_start(service, layout, owner) for service in embedded.services]
        try:
            embedded.wait_until_up(layout.log)
            yield _name_urls(embedded)
        finally:
            for service, process in zip(embedded.services, processes, strict=True):
                _stop(service, process)


def run_with_services(command: Sequence[str]) -> int:
    """The command's exit code. Ctrl-C is the command's to answer; SIGTERM is passed on to it."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    with start_services() as urls:
        # Settings want a key; one that nobody keeps will do.
        process = subprocess.Popen(command, env={"MARY_SECRET_KEY": token_urlsafe(48), **os.environ, **urls})
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return process.wait()
        finally:
            process.terminate()


@contextmanager
def _temporary_layout(owner: Owner) -> Iterator[Layout]:
    folder = Path(tempfile.mkdtemp(prefix="mymary-", dir=find_temp()))
    try:
        if owner.is_other_user:
            folder.chmod(0o711)
        home = folder / "home"
        layout = Layout(home=home, data=folder / "data", binaries=folder / "binaries", runtime=folder / "run")
        home.mkdir(mode=0o700)
        make_folders(layout, owner)
        yield layout
    finally:
        shutil.rmtree(folder)


def _start(service: Service, layout: Layout, owner: Owner) -> subprocess.Popen[bytes]:
    with open(layout.log / f"{service.name}.log", "wb") as log:
        # Its own session: Ctrl-C in the terminal is for the command, not for the database under it.
        return subprocess.Popen(
            service.command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **owner.get_identity(),
        )


def _stop(service: Service, process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.Signals[f"SIG{service.stop_signal}"])
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _name_urls(embedded: Embedded) -> dict[str, str]:
    postgres, valkey = embedded.services
    return {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}


def _exit_on_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
