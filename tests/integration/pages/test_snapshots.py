"""Snapshot pages: built by one, approved by another, taken out as a file and brought in as one."""

import json
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from chat.models import Dialog
from tests.annotation_builders import take_consent_back
from tests.builders import build_character
from tests.flywheel_pages import HOSTILE, open_page
from tests.flywheel_rows import build_answered, build_giver, build_pairs, build_snapshot, build_staff, correct
from training.admin.pair_filters import locate_pairs
from training.cycle.freeze import freeze_snapshot
from training.models import Pair, Snapshot, SnapshotState

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


def test_a_snapshot_names_its_annotators_until_their_accounts_are_gone(client, as_role):
    expert = build_staff("busy-rater")
    build_pairs(character := build_character(), expert)
    snapshot = freeze_snapshot(character, None)
    as_role("reviewer")
    assert "busy-rater" in open_page(client, snapshot)
    assert "busy-rater" not in json.dumps(snapshot.composition)
    expert.delete()
    html = open_page(client, snapshot)
    assert "busy-rater" not in html
    assert "지워진 계정" in html


def test_what_stems_mostly_from_one_person_says_so_before_it_is_approved(client, as_role):
    character = build_character()
    build_pairs(character, build_staff("busy-rater"), 3)
    correct(build_answered(build_giver(), character), build_staff("other"), "다른 이야기네요. 어떠셨어요?")
    as_role("reviewer")
    html = open_page(client, freeze_snapshot(character, None))
    assert "75.0 %가 busy-rater 한 사람의 판단에만" in html


def test_a_share_of_a_fifth_needs_no_warning(client, as_role):
    character = build_character()
    for number in range(5):
        text = f"{number}번째로 고친 답이에요. 어떠셨어요?"
        correct(build_answered(build_giver(), character), build_staff(), text)
    as_role("reviewer")
    assert 'id="dominant"' not in open_page(client, freeze_snapshot(character, None))


def list_shown_pairs(client, link: str) -> set[str]:
    answer = client.get(link)
    assert answer.status_code == 200
    return {str(pair) for pair in answer.context["cl"].queryset}


def test_the_second_person_reads_all_pairs_or_only_what_is_new(client, as_role):
    character, expert = build_character(), build_staff()
    build_pairs(character, expert, 7)
    freeze_snapshot(character, None)
    correct(build_answered(build_giver(), character), expert, "새로 들어온 이야기네요. 어떤 하루였어요?")
    second = freeze_snapshot(character, None)
    as_role("reviewer")
    html = open_page(client, second)
    all_pairs, new_pairs = locate_pairs(second), locate_pairs(second, only_new=True)
    assert all(escape(link) in html for link in (all_pairs, new_pairs))
    new = Pair.objects.get(chosen__startswith="새로 들어온")
    assert len(list_shown_pairs(client, all_pairs)) == 8
    assert list_shown_pairs(client, new_pairs) == {str(new)}
    assert "새로 들어온 이야기네요" in client.get(new_pairs).content.decode()


def test_pairs_of_a_snapshot_stay_hidden_from_whoever_may_not_read_them(client, as_role):
    snapshot = build_snapshot(build_character(), users=2)
    hidden, crisis = Pair.objects.order_by("key")
    take_consent_back(hidden.user)
    Dialog.objects.filter(pk=crisis.dialog_id).update(crisis_level=2)
    as_role("reviewer")
    assert list_shown_pairs(client, locate_pairs(snapshot)) == {str(crisis)}
    html = client.get(locate_pairs(snapshot)).content.decode()
    assert crisis.chosen[:10] not in html


def test_pairs_of_what_is_no_snapshot_are_the_list_of_all(client, as_role):
    build_snapshot(build_character())
    as_role("reviewer")
    answer = client.get(reverse("admin:training_pair_changelist"), {"snapshots__snapshot": HOSTILE})
    assert (answer.status_code, answer.url.endswith("?e=1")) == (302, True)


def test_an_imported_snapshot_shows_what_came_and_went_as_conversations(client, as_role):
    character = build_character()
    as_role("trainer")
    assert upload(client, character, read_export(client, build_snapshot(character))).status_code == 302
    html = open_page(client, imported := Snapshot.objects.latest("dt_built"))
    assert "그대로인 대화" in html
    assert "쌍 모두 읽기" not in html
    Snapshot.objects.filter(pk=imported.pk).update(difference={})
    assert "견줄 수 없어요" in open_page(client, imported)


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
