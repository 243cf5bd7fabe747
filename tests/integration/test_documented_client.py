"""The client that docs/protocol.md prints, run as it stands there against a real web process."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from rest_framework.authtoken.models import Token

from chat.models import Reply
from tests.builders import build_room, build_user
from tests.integration.live import running_worker
from tests.stack_process import find_free_port

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


def start_web(port: int) -> subprocess.Popen[bytes]:
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    variables = {"DATABASE_URL": database, "PORT": str(port), "DJANGO_SETTINGS_MODULE": "mymary_site.settings.dev"}
    command = [sys.executable, "-m", "daphne", "-p", str(port), "mymary_site.asgi:application"]
    return subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | variables)


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a web process that is just starting."""
    number = find_free_port()
    process = start_web(number)
    yield number
    process.terminate()
    process.wait(PATIENCE_SECONDS)


def read_client() -> str:
    document = (REPOSITORY / "docs" / "protocol.md").read_text(encoding="utf-8")
    (client,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    return str(client)


async def test_it_shows_the_reply_and_ends_with_the_stored_text(port, tmp_path):
    """It starts before the web process answers, so it also has to come back after refused connections."""
    program = tmp_path / "client.py"
    program.write_text(read_client(), encoding="utf-8")
    user = await database_sync_to_async(build_user)()
    room = await database_sync_to_async(build_room)(user)
    token = await database_sync_to_async(Token.objects.create)(user=user)
    command = [sys.executable, str(program), f"http://127.0.0.1:{port}", token.key, str(room.pk), "잠이 안 와요"]
    async with running_worker(tokens_per_second=60):
        client = await asyncio.to_thread(
            subprocess.run, command, stdout=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=True
        )
    stored = await database_sync_to_async(Reply.objects.get)(dialog__counsel=room)
    *growing, last = client.stdout.decode().rstrip("\n").split("\r")[1:]
    assert (stored.state, last) == ("done", stored.text)
    assert len(growing) > 2
    assert all(stored.text.startswith(text) for text in growing)
