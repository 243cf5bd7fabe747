"""Who runs the embedded services: the person who started them, or, for root, an unprivileged system user.

PostgreSQL refuses to run as root. Never changes mode or owner of a folder that was there before.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from mymary_site.stack.refusals import no_unprivileged_user

UNPRIVILEGED_USERS = ("postgres", "nobody")


class ProcessIdentity(TypedDict, total=False):
    """Keyword arguments of `subprocess.Popen`; empty when no other user is needed."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Owner:
    name: str
    uid: int
    gid: int

    @property
    def is_other_user(self) -> bool:
        return self.uid != os.geteuid()

    def get_identity(self) -> ProcessIdentity:
        if not self.is_other_user:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def make_folder(self, path: Path) -> None:
        """A private folder of this owner's. One that exists is left exactly as it is."""
        if not path.exists():
            path.mkdir(mode=0o700)
            os.chown(path, self.uid, self.gid)

    def give_file(self, path: Path, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            os.fchown(stream.fileno(), self.uid, self.gid)

    def can_run(self, binary: Path) -> bool:
        """Asked of the kernel: it alone knows every parent folder's mode and ACL."""
        try:
            answer = subprocess.run([binary, "--version"], cwd="/", capture_output=True, **self.get_identity())
        except OSError:
            return False
        return answer.returncode == 0


def find_owner() -> Owner:
    if os.geteuid() != 0:
        return Owner(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid())
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(name, entry.pw_uid, entry.pw_gid)
    raise no_unprivileged_user()
