"""Texts on the flywheel's pages: gone with a consent, and of a crisis for clinical reviewers only."""

import json
import zipfile
from io import BytesIO

import pytest
from django.urls import reverse

from chat.models import Dialog
from tests.annotation_builders import take_consent_back
from tests.builders import build_character
from tests.flywheel_pages import build_learned
from tests.flywheel_rows import build_answered, build_giver, build_staff, correct
from training.cycle.freeze import freeze_snapshot
from training.models import Pair, Snapshot, SnapshotPair

pytestmark = pytest.mark.django_db

WORDS = ("잠이 안 와요", "며칠째 뒤척이셨군요")


@pytest.fixture
def pages() -> list[str]:
    """Of one pair: its own page, its snapshot, its message's lineage, and its adapter's."""
    reply, run, _answer = build_learned()
    lineage = reverse("admin:training_lineage")
    return [
        reverse("admin:training_pair_change", args=[Pair.objects.get().pk]),
        reverse("admin:training_snapshot_change", args=[run.snapshot_id]),
        f"{lineage}?dialog={reply.dialog_id}",
        f"{lineage}?adapter={run.adapter_id}",
    ]


def shows_words(client, page: str) -> bool:
    html = client.get(page).content.decode()
    return any(words in html for words in WORDS)


def test_texts_show_while_their_user_consents(client, as_role, pages):
    as_role("trainer")
    assert [shows_words(client, page) for page in pages] == [True] * 4


def test_texts_of_a_crisis_are_for_clinical_reviewers_and_a_sentence_says_so(client, as_role, pages):
    Dialog.objects.filter(pairs__isnull=False).update(crisis_level=2)
    as_role("trainer")
    assert [shows_words(client, page) for page in pages] == [False] * 4
    assert all("위기 대화" in client.get(page).content.decode() for page in pages)
    as_role("clinical_reviewer")
    assert [shows_words(client, page) for page in pages] == [True] * 4


def test_texts_after_a_crisis_are_hidden_like_those_in_it(client, as_role, pages):
    later = Dialog.objects.get(pairs__isnull=False)
    assert Dialog.objects.filter(counsel=later.counsel, seq__lt=later.seq).update(crisis_level=2)
    as_role("trainer")
    assert [shows_words(client, page) for page in pages] == [False] * 4
    as_role("clinical_reviewer")
    assert [shows_words(client, page) for page in pages] == [True] * 4


def build_clinical_snapshot() -> Snapshot:
    """Of one pair, which a clinical reviewer made of a crisis turn."""
    character = build_character()
    reply = build_answered(build_giver(), character, "이제 다 끝내고 싶어요.")
    Dialog.objects.filter(pk=reply.dialog_id).update(crisis_level=2)
    correct(reply, build_staff(), "끝내고 싶을 만큼 힘드셨군요. 지금 안전한 곳에 계세요?", is_clinical=True)
    return freeze_snapshot(character, None)


def test_a_snapshot_with_a_crisis_in_it_leaves_only_with_a_clinical_reviewer(client, as_role):
    snapshot = build_clinical_snapshot()
    address, form = reverse("admin:training_snapshot_export", args=[snapshot.pk]), {"format": "ours"}
    as_role("trainer")
    assert "위기 대화가 든 스냅샷" in client.post(address, form, follow=True).content.decode()
    as_role("trainer", "clinical_reviewer")
    archive = zipfile.ZipFile(BytesIO(b"".join(client.post(address, form).streaming_content)))
    assert json.loads(archive.read("train.jsonl"))["clinical"] is True


def test_an_imported_snapshot_shows_its_crisis_talks_to_clinical_reviewers_only(client, as_role):
    snapshot = build_clinical_snapshot()
    Snapshot.objects.update(composition={"imported": "talks.jsonl", "format": "ours"})
    SnapshotPair.objects.all().delete()
    page = reverse("admin:training_snapshot_change", args=[snapshot.pk])
    as_role("trainer")
    assert "끝내고 싶" not in client.get(page).content.decode()
    as_role("clinical_reviewer")
    assert "끝내고 싶" in client.get(page).content.decode()


def test_texts_are_gone_as_soon_as_a_consent_is(client, as_role, pages):
    take_consent_back(Pair.objects.get().user)
    as_role("trainer")
    assert [shows_words(client, page) for page in pages] == [False] * 4
    assert Pair.objects.get().key[:12] not in client.get(reverse("admin:training_pair_changelist")).content.decode()
