"""Runs over the REST API: only for who may start them, refusals in the shape of all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.builders import build_character, build_user
from tests.integration.runs_world import build_snapshot, tiny_config
from training.models import Snapshot, SnapshotState, TrainingRun

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/training/runs/"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return build_snapshot(build_character("mary"), tmp_path)


@pytest.fixture
def trainer() -> Client:
    user = build_user("trainer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="start_run"))
    client = Client()
    client.force_login(user)
    return client


def start(client: Client, snapshot: Snapshot, **changes: Any) -> Any:
    config = tiny_config(**changes)
    body = {"snapshot_id": str(snapshot.pk), "preset": config.pop("preset"), "changes": config}
    return client.post(ADDRESS, body, content_type="application/json")


def test_a_trainer_starts_reads_and_cancels_a_run(trainer, snapshot):
    answer = start(trainer, snapshot)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["trigger"], body["character"]) == ("queued", "api", "mary")
    assert trainer.get(f"{ADDRESS}{body['id']}/").json() == body
    cancelled = trainer.post(f"{ADDRESS}{body['id']}/cancel/").json()
    assert (cancelled["state"], cancelled["error"]["code"]) == ("cancelled", "cancelled")
    assert [run["id"] for run in trainer.get(ADDRESS, {"state": "cancelled"}).json()["results"]] == [body["id"]]
    assert trainer.get(ADDRESS, {"state": "done"}).json()["results"] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(client, snapshot, method):
    assert getattr(client, method)(ADDRESS).status_code == 401
    client.force_login(build_user("annotator", is_staff=True))
    answer = getattr(client, method)(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


def test_a_second_run_of_a_snapshot_conflicts(trainer, snapshot):
    start(trainer, snapshot)
    answer = start(trainer, snapshot)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_asked")
    assert set(answer.json()["error"]["message"]) == {"ko", "en"}


def test_an_unknown_setting_is_named(trainer, snapshot):
    answer = start(trainer, snapshot, learning_rat=1)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "config_refused")
    assert "learning_rat" in answer.json()["error"]["message"]["en"]


def test_an_unapproved_snapshot_conflicts(trainer, snapshot):
    Snapshot.objects.update(state=SnapshotState.BUILT, dt_decided=None)
    assert start(trainer, snapshot).json()["error"]["code"] == "snapshot_not_approved"
    assert not TrainingRun.objects.exists()


def test_a_run_or_snapshot_that_is_not_there_is_not_found(trainer, snapshot):
    address = f"{ADDRESS}{snapshot.pk}/"
    assert trainer.get(address).status_code == 404
    assert trainer.post(f"{address}cancel/").status_code == 404
    missing = {"snapshot_id": "7c5ee2f1-0000-4000-8000-000000000000"}
    assert trainer.post(ADDRESS, missing, content_type="application/json").status_code == 404
