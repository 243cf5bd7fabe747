"""Where one run keeps its files. A run is a checkout's `var` folder and a port, so several can live side by side.

var/8000/            secret key, logs, supervisord.conf; never readable by others
<data>/              PostgreSQL's and Valkey's files and passwords: in var/8000 itself, or, for root, below
                     /var/lib/mymary, where the unprivileged user that owns them can reach them
/tmp/mymary-…/       sockets; short, because a unix socket's path ends at 107 bytes
"""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mymary_site.stack.owner import Owner
from mymary_site.stack.refusals import unwritable

ROOT_DATA = Path("/var/lib/mymary")
SHORT_TEMP = Path("/tmp")


@dataclass(frozen=True)
class Layout:
    home: Path
    data: Path
    binaries: Path  # copies of what the services' user cannot reach in the virtual environment
    runtime: Path

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def supervisor_conf(self) -> Path:
        return self.home / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.home / "supervisord.pid"

    @property
    def supervisor_socket(self) -> Path:
        return self.runtime / "supervisor.sock"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def welcomed(self) -> Path:
        return self.home / "welcomed"

    @property
    def services_runtime(self) -> Path:
        """Holds both services' sockets; belongs to their owner, closed to everybody else."""
        return self.runtime / "services"


def plan_layout(var: Path, port: int, *, is_root: bool) -> Layout:
    home = var / str(port)
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:10]
    data = ROOT_DATA / f"{port}-{digest}" if is_root else home
    binaries = (ROOT_DATA if is_root else home) / "binaries"
    return Layout(home, data, binaries, find_temp() / f"mymary-{os.geteuid()}-{digest}")


def find_temp() -> Path:
    """`/tmp` where it can be used: TMPDIR is often too long for a socket's path."""
    return SHORT_TEMP if os.access(SHORT_TEMP, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def make_folders(layout: Layout, owner: Owner) -> None:
    layout.log.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_private_runtime(layout.runtime, owner)
    owner.make_folder(layout.services_runtime)
    if layout.data != layout.home:
        layout.data.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        owner.make_folder(layout.data)


def make_private_runtime(runtime: Path, owner: Owner) -> None:
    """In a folder that everybody can write to, a name may have been taken by somebody else: then refuse."""
    # The services' user only passes through; nobody else may even do that where it is ourselves.
    mode = 0o711 if owner.is_other_user else 0o700
    if not os.path.lexists(runtime):
        runtime.mkdir()
        runtime.chmod(mode)
    found = runtime.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise unwritable(runtime, "not ours")
