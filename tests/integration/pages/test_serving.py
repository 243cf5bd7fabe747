"""Adapter and release pages: what speaks for whom, how a trial goes, the way back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Release, ReleaseState
from tests.builders import build_character
from tests.flywheel_pages import build_live, open_page
from tests.flywheel_rows import build_adapter

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


def test_with_a_trial_open_the_live_one_has_its_button_and_goes_together_with_the_trial(client, as_role):
    character = build_character()
    former = build_live(character)
    release = build_live(character, former)
    trial = Release.objects.create(character=character, adapter=build_adapter(character))
    as_role("trainer")
    urls = [reverse("admin:chat_release_roll_back", args=[row.pk]) for row in (release, trial)]
    listed = client.get(reverse("admin:chat_release_changelist")).content.decode()
    assert [url in listed for url in urls] == [True, True]
    assert f"내보내던 {trial.adapter.name} 어댑터도 함께 거둬요." in client.get(urls[0]).content.decode()
    answer = client.post(urls[0], {"reason": "답이 이상해요"}, follow=True).content.decode()
    assert f"이전 어댑터가 말해요. 내보내던 {trial.adapter.name} 어댑터도 거뒀어요." in answer
    character.refresh_from_db()
    trial.refresh_from_db()
    assert (character.adapter, trial.state) == (former.adapter.name, ReleaseState.ROLLED_BACK)


def test_who_presses_a_second_time_is_told_that_it_is_done(client, as_role):
    character = build_character()
    first = build_live(character)
    second = build_live(character, first)
    release = build_live(character, second)
    as_role("trainer")
    url = reverse("admin:chat_release_roll_back", args=[release.pk])
    answers = [client.post(url, {"reason": "답이 이상해요"}, follow=True).content.decode() for _ in range(2)]
    assert ["이미 되돌렸거나" in answer for answer in answers] == [False, True]
    character.refresh_from_db()
    assert character.adapter == second.adapter.name


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


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("expert_stopped:unsafe,crisis_missed:7f3e", "위험한 답을 찾아서 멈췄어요: 위험함, 위기를 놓침 (답변 7f3e)"),
        ("trial_worse:unsafe,failed:", "나빠져서 되돌렸어요: 위험하다고 알림, 오류"),
        ("밤사이: 답이 짧아졌어요", "밤사이: 답이 짧아졌어요"),
    ],
)
def test_an_end_that_nobody_wrote_is_told_in_the_reader_s_language(client, as_role, stored, told):
    release = build_live(build_character())
    Release.objects.update(state=ReleaseState.ROLLED_BACK, dt_ended=timezone.now(), end_reason=stored)
    as_role("trainer")
    assert told in open_page(client, release)


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
