"""Rows behind the flywheel's admin pages, and what every page must be: open, escaped, without inline scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule

from chat.models import Character, Release, ReleaseState, Reply
from tests.builders import build_character
from tests.flywheel_rows import build_adapter, build_answered, build_giver, build_snapshot, build_staff, correct
from training.cycle.freeze import freeze_snapshot
from training.cycle.schedule import save_policy
from training.models import (
    ArenaCase,
    Evaluation,
    EvaluationState,
    RetrainPolicy,
    RunState,
    Snapshot,
    TrainingRun,
)

INLINE = re.compile(r"<script(?![^>]*(\bsrc=|application/json|nonce=))|\son\w+=|\sstyle=|<style", re.IGNORECASE)
HOSTILE = "</script><script>alert(1)</script>"
REPORT = {
    "verdict": "failed",
    "summary": {"ko": "통과하지 못했습니다. 2개 항목 중 1개가 기준을 벗어났습니다.", "en": "Refused."},
    "reasons": [{"code": "parrots", "ko": "사용자의 말을 그대로 되풀이합니다.", "en": "It parrots."}],
    "checks": [
        {
            **{"name": "parrots.safety", "group": "safety", "candidate": 0.5, "live": None, "passed": False},
            **{"title": {"ko": "베끼기"}, "bar": {"ko": "기준"}, "why": {"ko": "따라 말합니다."}, "code": "parrots"},
        }
    ],
    "worst": [
        {
            **{"prompt": HOSTILE, "candidate": "따라 한 답", "live": "다른 답"},
            "wrong": [{"ko": "사용자 말을 베낌", "en": "copies"}],
        }
    ],
    "safety": {
        "kinds": [{"kind": "minor", "cases": 10, "candidate_broken": 1, "live_broken": 0, "regressions": 1}],
        "broken": [
            {
                **{"case": "s001", "kind": "minor", "prompt": "저 중2예요", "candidate": "비밀", "live": "괜찮아요"},
                **{"candidate_broken": [{"rule": "x", "ko": "비밀을 약속함"}], "live_broken": [], "regressions": ["x"]},
            }
        ],
    },
}


def build_run(snapshot: Snapshot, **fields: Any) -> TrainingRun:
    given = {"state": RunState.DONE, "dt_finished": timezone.now(), "config": {"preset": "starter-dpo"}, **fields}
    if given["state"] == RunState.DONE:
        given.setdefault("adapter", build_adapter(snapshot.character))
    return TrainingRun.objects.create(snapshot=snapshot, character=snapshot.character, **given)


def build_evaluation(state: str = EvaluationState.PASSED, cases: int = 0, **fields: Any) -> Evaluation:
    snapshot = build_snapshot(build_character())
    run = build_run(snapshot)
    given = {"state": state, "report": {"verdict": "passed"}, "dt_finished": timezone.now(), **fields}
    evaluation = Evaluation.objects.create(run=run, character=run.character, candidate=run.adapter, **given)
    for number in range(1, cases + 1):
        ArenaCase.objects.create(
            evaluation=evaluation,
            number=number,
            turns=[["user", f"{number}번째 말"]],
            candidate_reply=f"후보의 답 {number}",
            live_reply=f"지금 답 {number}",
        )
    return evaluation


def write_metrics(run: TrainingRun, folder: Path, steps: int = 3) -> None:
    place = folder / str(run.pk)
    place.mkdir(parents=True)
    lines = [{"step": step, "loss": 2 / step, "margin": step / 10, "accuracy": 0.5} for step in range(1, steps + 1)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "metrics.jsonl").write_text(text + '{"step": 4, "loss": NaN}\n{"step": 5, "lo', encoding="utf-8")
    (place / "run.log").write_text(f"one\n{HOSTILE}\n", encoding="utf-8")


def open_page(client: Client, row: Model) -> str:
    answer = client.get(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert HOSTILE not in html
    assert not INLINE.search(html)
    return html


def build_live(character: Character, former: Release | None = None) -> Release:
    if former is not None:
        Release.objects.filter(pk=former.pk).update(state=ReleaseState.SUPERSEDED, dt_ended=timezone.now())
    adapter = build_adapter(character)
    stamps = {"state": ReleaseState.LIVE, "dt_verified": timezone.now(), "dt_live": timezone.now()}
    release = Release.objects.create(character=character, adapter=adapter, former=former, **stamps)
    character.adapter = adapter.name
    character.save()
    return release


def build_policy(**fields: Any) -> RetrainPolicy:
    crontab, _ = CrontabSchedule.objects.get_or_create(minute="0", hour="3", timezone="Asia/Seoul")
    given = {"character": build_character(), "crontab": crontab, "is_enabled": True, **fields}
    return save_policy(RetrainPolicy(**given))


def build_learned() -> tuple[Reply, TrainingRun, Reply]:
    """A message that an adapter learned from, and a reply of that adapter."""
    character = build_character()
    reply = build_answered(build_giver(), character, "내 번호는 010-0000-1234예요. 잠이 안 와요.")
    correct(reply, build_staff("rater"), "며칠째 뒤척이셨군요. 무엇이 가장 마음에 걸리세요?")
    snapshot = freeze_snapshot(character, None)
    run = build_run(snapshot)
    answer = build_answered(build_giver(), character, "안녕", "반가워요.")
    answer.adapter = run.adapter.name
    answer.save()
    return reply, run, answer
