"""A trainer or a gate as its watcher holds it: started without the product's secrets, kept alive by bytes on a pipe."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from django.conf import settings

logger = logging.getLogger(__name__)

SECRETS: Final = ("DATABASE_URL", "REDIS_URL", "MARY_SECRET_KEY", "MARY_SMTP_URL")
"""A process that only reads a folder needs none of these."""
STOP_SECONDS: Final = 3.0
OUTPUT: Final = "output.log"


class WatchedProcess:
    """`python -m training.watched MODULE ARGUMENTS…`, its output in the folder. Nothing of it outlives the watcher."""

    def __init__(self, folder: Path, module: str, *arguments: str) -> None:
        environ = {name: value for name, value in os.environ.items() if name not in SECRETS}
        with (folder / OUTPUT).open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "training.watched", module, *arguments],
                cwd=settings.REPOSITORY,
                env={**environ, "PYTHONPATH": str(settings.REPOSITORY)},
                stdin=subprocess.PIPE,
                bufsize=0,  # what a dead process did not read must not be waiting to be written
                stdout=output,
                stderr=output,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def find_exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def show_life(self) -> None:
        """To be called at least every few seconds (training.watched.SILENCE_SECONDS)."""
        if self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            self._process.stdin.write(b".")
        except OSError as error:
            logger.info("process %d reads no more (%s)", self.pid, type(error).__name__)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Gently, then hard; at once where it has ended already."""
        self._process.terminate()
        if self.wait(seconds) is None:
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process.wait()
