"""Adapter and release pages: what speaks for whom, how a trial goes, the way back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Release, ReleaseState
from tests.builders import build_character
from tests.flywheel_pages import build_live, open_page

pytestmark = pytest.mark.django_db


def test_rolling_back_asks_for_a_reason_and_brings_the_former_adapter(client, as_role):
    character = build_character()
    former = build_live(character)
    release = build_live(character, former)
    trainer = as_role("trainer")
    assert release.adapter.name in client.get(reverse("admin:chat_adapter_changelist")).content.decode()
    url = reverse("admin:chat_release_roll_back", args=[release.pk])
    assert "정말 되돌릴까요?" in client.get(url).content.decode()
    client.post(url, {"reason": "답이 짧아졌어요", "is_sure": "yes"})
    character.refresh_from_db()
    release.refresh_from_db()
    assert character.adapter == former.adapter.name
    assert (release.state, release.ended_by) == (ReleaseState.ROLLED_BACK, trainer)


def test_a_page_from_yesterday_rolls_nothing_back(client, as_role):
    character = build_character()
    former = build_live(character)
    release = build_live(character, former)
    as_role("trainer")
    client.post(reverse("admin:chat_release_roll_back", args=[former.pk]), {"reason": "잘못 눌렀어요"})
    character.refresh_from_db()
    assert character.adapter == release.adapter.name


def test_only_who_may_promote_rolls_back(client, as_role):
    release = build_live(build_character())
    as_role("reviewer")
    assert client.post(reverse("admin:chat_release_roll_back", args=[release.pk])).status_code == 403


def test_a_trial_shows_its_rates_and_a_tainted_adapter_its_mark(client, as_role):
    release = build_live(build_character())
    arms = {"canary": [3, 10], "live": [1, 12], "evidence": 99.0}
    figures = {"rates": dict.fromkeys(("thumbs_down", "regenerated", "failed", "unsafe"), arms)}
    Release.objects.update(figures=figures, canary_percent=10)
    release.adapter.is_tainted, release.adapter.dt_tainted = True, timezone.now()
    release.adapter.save()
    as_role("trainer")
    release.refresh_from_db()
    assert "3 / 10 (30.0 %)" in open_page(client, release)
    assert "오염" in open_page(client, release.adapter)


def test_behind_the_first_adapter_the_button_leads_to_the_bare_lm_and_then_goes(client, as_role):
    release = build_live(build_character())
    as_role("trainer")
    url = reverse("admin:chat_release_roll_back", args=[release.pk])
    assert url in open_page(client, release)
    assert url in client.get(reverse("admin:chat_release_changelist")).content.decode()
    assert "어댑터 없는 바탕 모델" in client.get(url).content.decode()
    answer = client.post(url, {"reason": "답이 이상해요", "is_sure": "yes"}, follow=True)
    assert "바탕 모델이 말해요" in answer.content.decode()
    bare = Release.objects.live().get()
    assert bare.adapter is None
    assert reverse("admin:chat_release_roll_back", args=[bare.pk]) not in open_page(client, bare)
