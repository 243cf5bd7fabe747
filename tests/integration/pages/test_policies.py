"""Schedule pages: the line about the next run, and the standing yes."""

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from tests.builders import build_character, build_user
from tests.flywheel_pages import INLINE, build_policy
from training.models import RetrainPolicy

pytestmark = pytest.mark.django_db


def test_a_policy_page_says_why_the_next_run_will_not_start(client, as_role):
    policy = build_policy()
    as_role("trainer")
    html = client.get(reverse("admin:training_retrainpolicy_change", args=[policy.pk])).content.decode()
    assert "03:00에 시작하지 않아요" in html
    assert not INLINE.search(html)


def test_a_standing_yes_is_given_by_its_person_only(client, as_role):
    policy = build_policy()
    url = reverse("admin:training_retrainpolicy_stand", args=[policy.pk])
    as_role("trainer")
    assert client.post(url, {"gives": "yes"}).status_code == 403
    reviewer = as_role("reviewer")
    page = client.get(reverse("admin:training_retrainpolicy_change", args=[policy.pk]))
    assert "미리 승인하기" in page.content.decode()
    client.post(url, {"gives": "yes"})
    policy.refresh_from_db()
    assert policy.approver == reviewer


def test_a_schedule_is_made_of_a_time_and_weekdays(client, as_role):
    character = build_character()
    as_role("trainer")
    wish = {"character": character.pk, "is_enabled": "on", "at": "03:30", "weekdays": ["1", "5"]}
    wish |= {"minimum_new_pairs": "40", "cooldown_hours": "20", "preset": "starter-dpo", "changes": "{}"}
    answer = client.post(reverse("admin:training_retrainpolicy_add"), wish)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    crontab = RetrainPolicy.objects.get().crontab
    assert (crontab.hour, crontab.minute, crontab.day_of_week) == ("3", "30", "1,5")
    assert PeriodicTask.objects.filter(crontab=crontab, enabled=True).exists()


def test_a_schedule_with_settings_that_no_run_takes_is_refused(client, as_role):
    policy = build_policy()
    as_role("trainer")
    wish = {"character": policy.character_id, "at": "03:00", "weekdays": ["1"], "changes": '{"nonsense": 1}'}
    wish |= {"minimum_new_pairs": "40", "cooldown_hours": "20", "preset": "starter-dpo"}
    answer = client.post(reverse("admin:training_retrainpolicy_change", args=[policy.pk]), wish)
    assert list(answer.context["adminform"].form.errors) == ["changes"]


def test_a_deleted_schedule_takes_its_clock_along(client, as_role):
    policy = build_policy()
    client.force_login(build_user("chief", is_staff=True, is_superuser=True))
    client.post(reverse("admin:training_retrainpolicy_delete", args=[policy.pk]), {"post": "yes"})
    assert not PeriodicTask.objects.filter(task="training.tasks.start_due").exists()
