"""The real channel layer, which drops every nudge while the file MARY_DROP_NUDGES_FILE exists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from channels_redis.core import RedisChannelLayer

DROP_FILE = "MARY_DROP_NUDGES_FILE"


class DroppyLayer(RedisChannelLayer):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._drop_file = Path(os.environ[DROP_FILE])

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if not self._drop_file.exists():
            await super().group_send(group, message)
