"""Run pages: started with checked settings, cancelled, watched, laid side by side, voted for."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from tests.builders import build_character
from tests.flywheel_pages import INLINE, build_run, open_page, write_metrics
from tests.flywheel_rows import build_snapshot
from training.models import RunState, RunVote, TrainingRun

pytestmark = pytest.mark.django_db


def test_a_run_is_started_with_the_settings_that_were_changed(client, as_role):
    snapshot = build_snapshot(build_character())
    trainer = as_role("trainer")
    wish = {"snapshot": snapshot.pk, "preset": "starter-dpo", "epochs": "2", "rank": "4", "others": '{"warmup": 0.2}'}
    client.post(reverse("admin:training_trainingrun_start"), wish)
    run = TrainingRun.objects.get()
    assert run.config == {"preset": "starter-dpo", "epochs": 2, "lora": {"rank": 4}, "warmup": 0.2}
    assert run.started_by == trainer


@pytest.mark.parametrize("others", ['{"nonsense": 1}', '{"base": "/etc/passwd"}', "[1]", "{", '{"epochs": 0}'])
def test_settings_that_the_trainer_would_refuse_start_nothing(client, as_role, others):
    snapshot = build_snapshot(build_character())
    as_role("trainer")
    wish = {"snapshot": snapshot.pk, "preset": "starter-dpo", "others": others}
    answer = client.post(reverse("admin:training_trainingrun_start"), wish)
    assert answer.status_code == 200
    assert not TrainingRun.objects.exists()


def test_a_waiting_run_is_cancelled_from_its_page(client, as_role):
    run = build_run(build_snapshot(build_character()), state=RunState.QUEUED, dt_finished=None)
    as_role("trainer")
    assert "학습 취소" in open_page(client, run)
    client.post(reverse("admin:training_trainingrun_cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_a_cancelled_run_says_by_whom_in_the_reader_s_language_only(client, as_role):
    run = build_run(build_snapshot(build_character()), state=RunState.QUEUED, dt_finished=None)
    trainer = as_role("trainer")
    client.post(reverse("admin:training_trainingrun_cancel", args=[run.pk]))
    run.refresh_from_db()
    assert (run.cancelled_by, run.error) == (trainer, "")
    assert f"{trainer.login_id} 님이 취소했어요." in open_page(client, run)


def test_a_watched_run_tells_its_curves_once_and_its_log_always(client, as_role, tmp_path):
    run = build_run(build_snapshot(build_character()))
    write_metrics(run, tmp_path / "runs")
    as_role("trainer")
    open_page(client, run)
    url = reverse("admin:training_trainingrun_live", args=[run.pk])
    told = client.get(url).json()
    assert [point["step"] for point in told["figures"]] == [1, 2, 3, 4]
    assert told["figures"][3]["loss"] is None
    again = client.get(url, {"seen": told["mark"]}).json()
    assert (again["figures"], again["log"]) == (None, told["log"])


def test_differing_settings_are_marked_and_come_first(client, as_role):
    snapshot = build_snapshot(build_character())
    runs = [build_run(snapshot), build_run(snapshot, config={"preset": "starter-dpo", "beta": 0.3})]
    as_role("trainer")
    answer = client.get(reverse("admin:training_trainingrun_compare"), {"run": [run.pk for run in runs]})
    settings = answer.context["settings"]
    assert [row["name"] for row in settings if row["differs"]] == ["beta"]
    assert settings[0]["values"] == ["0.1", "0.3"]
    assert not INLINE.search(answer.content.decode())


@pytest.mark.parametrize("number", [1, 6])
def test_two_to_five_runs_are_compared(client, as_role, number):
    snapshot = build_snapshot(build_character())
    runs = [build_run(snapshot) for _ in range(number)]
    as_role("trainer")
    url = reverse("admin:training_trainingrun_compare")
    assert client.get(url, {"run": [run.pk for run in runs]}).status_code == 400


def test_a_person_has_one_vote_among_the_runs_side_by_side(client, as_role):
    snapshot = build_snapshot(build_character())
    ids = [str(build_run(snapshot).pk) for _ in range(3)]
    voter = as_role("trainer")
    for chosen in (ids[0], ids[2], ids[2]):
        client.post(reverse("admin:training_trainingrun_vote"), {"run": ids, "chosen": chosen})
    assert [(str(vote.run_id), vote.voter) for vote in RunVote.objects.all()] == [(ids[2], voter)]


def test_a_run_says_when_its_heart_last_beat(client, as_role):
    beat = datetime(2031, 5, 6, 7, 8, 9, tzinfo=ZoneInfo("Asia/Seoul"))
    run = build_run(build_snapshot(build_character()), dt_heartbeat=beat)
    as_role("trainer")
    assert '<dd id="heartbeat">2031-05-06 07:08:09</dd>' in open_page(client, run)
    assert client.get(reverse("admin:training_trainingrun_live", args=[run.pk])).json()["heartbeat"].endswith("08:09")
