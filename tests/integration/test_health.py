"""/healthz: what it says with everything up, and with each service away."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import InferenceWorker

pytestmark = pytest.mark.django_db(transaction=True)


def build_worker(name: str, *, seconds_ago: float) -> None:
    seen = timezone.now() - timedelta(seconds=seconds_ago)
    InferenceWorker.objects.create(name=name, engine="fake", lm="fake", slots=1, dt_heartbeat=seen)


def test_all_well_counts_the_workers_that_live(client):
    build_worker("alive", seconds_ago=1)
    build_worker("gone", seconds_ago=60)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "valkey": True, "workers_alive": 1}


def test_valkey_away_is_unhealthy(client, settings):
    settings.MARY_TOKEN_LOG_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["valkey"]) == (503, False)


def test_database_away_is_unhealthy_within_the_time_limit(client, monkeypatch):
    # An address that swallows packets: the connection attempt hangs instead of failing.
    monkeypatch.setitem(connection.settings_dict, "HOST", "192.0.2.1")
    started = time.monotonic()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
    assert time.monotonic() - started < 3
