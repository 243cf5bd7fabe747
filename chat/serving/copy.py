"""A checked folder → the place where it stays, whole or not at all. Touches no row.

Written beside its place, flushed to the disk and renamed, so that a copy that was cut off is never taken for one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chat.inference.digest import sha256_of
from chat.serving.check import FILES, GGUF, WEIGHTS, CheckedFolder
from chat.serving.refusals import ServingRefused


def copy_folder(checked: CheckedFolder, target: Path) -> None:
    """Idempotent: a target that holds the same weights is left as it is. Raises ServingRefused.

    Its manifest tells of the first run that made them; a run that began again after a crash tells of itself.
    """
    if target.is_dir():
        check_copy(checked, target, (GGUF, WEIGHTS))
    else:
        _copy_beside(checked, target)
        check_copy(checked, target)


def check_copy(checked: CheckedFolder, target: Path, names: Sequence[str] = FILES) -> None:
    """Whether the files that lie there are, byte for byte, those that were examined. Raises ServingRefused."""
    for name in names:
        try:
            found = sha256_of(target / name)
        except OSError as error:
            raise ServingRefused("changed_while_copied", f"{name}: {error.strerror}") from error
        if found != checked.sha256[name]:
            raise ServingRefused("changed_while_copied", f"{name} is {found[:12]} after copying")


def _copy_beside(checked: CheckedFolder, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise ServingRefused("copy_failed", str(error)) from error
    try:
        for name in FILES:
            _copy_file(checked.folder / name, unfinished / name)
        check_copy(checked, unfinished)
        unfinished.chmod(0o755)
        _flush(unfinished)
        unfinished.rename(target)
        _flush(target.parent)
    except FileNotFoundError as error:
        raise ServingRefused("changed_while_copied", Path(str(error.filename)).name) from error
    except OSError as error:
        raise ServingRefused("copy_failed", error.strerror or str(error)) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_leftovers(target: Path) -> None:
    """What a process that was killed in mid-copy left. The caller holds the lock under which copies are made."""
    for leftover in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _copy_file(source: Path, target: Path) -> None:
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor, "rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o444)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
