"""Snapshot pages: built by one, approved by another, taken out as a file and brought in as one."""

import json
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tests.builders import build_character
from tests.flywheel_pages import open_page
from tests.flywheel_rows import build_answered, build_giver, build_snapshot, build_staff, correct
from training.models import Snapshot, SnapshotState

pytestmark = pytest.mark.django_db


def test_a_trainer_builds_a_snapshot_and_a_reviewer_approves_it(client, as_role):
    character = build_character()
    for number in range(3):
        correct(build_answered(build_giver(), character), build_staff(), f"{number}번째로 고친 답이에요. 어떠셨어요?")
    as_role("trainer")
    client.post(reverse("admin:training_snapshot_build"), {"character": character.key})
    snapshot = Snapshot.objects.get()
    assert "승인 대기" in open_page(client, snapshot)
    reviewer = as_role("reviewer")
    decision = {"decision": "approve", "note": "고르게 섞였어요"}
    client.post(reverse("admin:training_snapshot_decide", args=[snapshot.pk]), decision)
    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.decided_by) == (SnapshotState.APPROVED, reviewer)


def test_nobody_approves_their_own_snapshot(client, as_role):
    builder = as_role("trainer", "reviewer")
    snapshot = build_snapshot(build_character(), builder)
    Snapshot.objects.update(state=SnapshotState.BUILT, dt_decided=None)
    assert "직접 만든 스냅샷" in open_page(client, snapshot)
    client.post(reverse("admin:training_snapshot_decide", args=[snapshot.pk]), {"decision": "approve"})
    assert Snapshot.objects.get().state == SnapshotState.BUILT


def test_a_snapshot_page_shows_its_first_pairs_until_it_is_tainted(client, as_role):
    snapshot = build_snapshot(build_character())
    as_role("reviewer")
    assert "이야기까지 들려주셔서 고마워요" in open_page(client, snapshot)
    Snapshot.objects.update(state=SnapshotState.TAINTED, dt_tainted=timezone.now())
    assert "이야기까지 들려주셔서 고마워요" not in open_page(client, snapshot)


@pytest.mark.parametrize("form", ["ours", "trl-preference", "trl-conversational", "sharegpt"])
def test_an_export_is_a_zip_with_both_sides(client, as_role, form):
    snapshot = build_snapshot(build_character())
    as_role("trainer")
    answer = client.post(reverse("admin:training_snapshot_export", args=[snapshot.pk]), {"format": form})
    archive = zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content)))
    assert "train.jsonl" in archive.namelist()


def read_export(client, snapshot) -> bytes:
    answer = client.post(reverse("admin:training_snapshot_export", args=[snapshot.pk]), {"format": "ours"})
    return zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))).read("train.jsonl")


def upload(client, character, content: bytes, **fields):
    file = SimpleUploadedFile("talks.jsonl", content)
    return client.post(reverse("admin:training_snapshot_import"), {"character": character.key, "file": file, **fields})


def test_a_dry_run_reports_and_stores_nothing_and_the_real_one_stores(client, as_role):
    character = build_character()
    as_role("trainer")
    content = read_export(client, build_snapshot(character))
    answer = upload(client, character, content, is_dry_run="on")
    assert "잘못된 곳이 없어요" in answer.content.decode()
    assert Snapshot.objects.count() == 1
    assert upload(client, character, content).status_code == 302
    assert Snapshot.objects.first().composition["imported"] == "talks.jsonl"


def test_a_broken_import_says_where_and_stores_nothing(client, as_role):
    character = build_character()
    as_role("trainer")
    broken = json.dumps({"id": "a", "character": character.key, "turns": [{"role": "bot", "text": ""}]}).encode()
    html = upload(client, character, broken).content.decode()
    assert "저장하지 않았어요" in html or "하나도 없어요" in html
    assert not Snapshot.objects.exists()


def test_who_took_an_export_stands_in_the_record(client, as_role):
    snapshot = build_snapshot(build_character())
    trainer = as_role("trainer")
    read_export(client, snapshot)
    html = client.get(reverse("admin:training_snapshot_history", args=[snapshot.pk])).content.decode()
    assert "export ours" in html
    assert str(trainer) in html or trainer.name in html
