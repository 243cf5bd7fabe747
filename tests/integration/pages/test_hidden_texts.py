"""Texts on the flywheel's pages: gone with a consent, and of a crisis for clinical reviewers only."""

import pytest
from django.urls import reverse

from chat.models import Dialog
from tests.annotation_builders import take_consent_back
from tests.builders import build_user
from tests.flywheel_pages import build_learned
from training.models import Pair

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
    client.force_login(build_user("doc", is_staff=True, is_superuser=True))
    assert [shows_words(client, page) for page in pages] == [True] * 4


def test_texts_are_gone_as_soon_as_a_consent_is(client, as_role, pages):
    take_consent_back(Pair.objects.get().user)
    as_role("trainer")
    assert [shows_words(client, page) for page in pages] == [False] * 4
    assert Pair.objects.get().key[:12] not in client.get(reverse("admin:training_pair_changelist")).content.decode()
