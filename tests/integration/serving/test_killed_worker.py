"""A worker that is killed while it loads an adapter: the next one goes on with the voice that was live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from channels.db import database_sync_to_async
from django.db import connection

from chat.models import Adapter, Release
from chat.serving.settle import LOADING, make_live
from mymary_site.env import REPOSITORY
from tests.integration.live import running_worker
from tests.integration.voices import PromptEngine, decide, is_of_one_voice, open_room, talk, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

STUCK_WORKER = """
import asyncio, django
django.setup()
from django.conf import settings
from chat import token_log
from chat.inference.engines.fake import FakeEngine
from chat.inference.worker import InferenceWorker

class StuckEngine(FakeEngine):
    async def load_adapters(self, adapters):
        if len(adapters) > 1:
            await asyncio.sleep(600)
        await super().load_adapters(adapters)

async def main():
    async with token_log.connect(settings.MARY_TOKEN_LOG_URL) as client:
        engine = StuckEngine(slots=1)
        worker = InferenceWorker(engine, client, prompt_budget_tokens=3072, keep_log_seconds=60, drain_seconds=1)
        await worker.run(asyncio.Event())

asyncio.run(main())
"""


def start_stuck_worker(published: str) -> subprocess.Popen[bytes]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    program = STUCK_WORKER.replace(
        "django.setup()",
        f"django.setup()\nfrom django.conf import settings\nsettings.MARY_PUBLISHED_FOLDER = {published!r}",
        1,
    )
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "mymary_site.settings.test"}
    return subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, env=environment)


def begin(adapters: list[Adapter], character) -> Release:
    make_live(Release(character=character, adapter=adapters[0]))
    return decide(adapters[1])


async def test_a_worker_killed_while_it_loads_changes_nothing_and_its_successor_speaks_as_before(
    character, adapters, settings
):
    release = await database_sync_to_async(begin)(adapters, character)
    room = await database_sync_to_async(open_room)(character)
    process = await database_sync_to_async(start_stuck_worker)(str(settings.MARY_PUBLISHED_FOLDER))
    try:
        await wait_until(lambda: LOADING in Release.objects.get(pk=release.pk).figures.get("workers", {}).values())
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    async with running_worker(engine=PromptEngine(slots=2, tokens_per_second=400, reply_tokens=10)):
        reply = await talk(room)
        assert reply.adapter == adapters[0].name
        assert is_of_one_voice(reply)
        # Its heartbeat has to grow old before nobody waits for its word any more.
        await wait_until(lambda: Release.objects.filter(pk=release.pk, state="live").exists())
