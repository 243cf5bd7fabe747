"""What training needs beside the product: `make run` installs none of it."""

from __future__ import annotations

from importlib.util import find_spec

from django.core.management.base import CommandError


def require_training_packages() -> None:
    """Raises CommandError, with what to do."""
    if find_spec("torch") is None or find_spec("peft") is None:
        raise CommandError(
            "PACKAGES_MISSING 훈련에 필요한 패키지가 없습니다. `make install-training` 을 먼저 실행해 주세요.\n"
            "The packages for training are not installed. Run `make install-training` first."
        )
