"""An evaluation from a finished run to its verdict; whatever goes wrong with the gate is no pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.builders import build_character, build_reply, build_room, build_turn
from tests.flywheel_rows import build_giver, build_pairs, build_staff, correct
from tests.integration.runs_world import build_adapter, build_snapshot
from training.cycle import gate_folder
from training.cycle import run_evaluation as module
from training.cycle.evaluate import ask_for_evaluation
from training.cycle.gate_folder import UNMEASURED, get_gate_folder, list_judged_digests, prepare_gate_folder
from training.cycle.run_evaluation import run_next_evaluation
from training.cycle.run_refusals import RunRefused
from training.cycle.watch import Watch
from training.gate.bars import Needed
from training.gate.folder import read_settings
from training.models import ArenaCase, Evaluation, RunState, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)
PASSED: dict[str, Any] = {"verdict": "passed", "reasons": []}
REFUSED: dict[str, Any] = {
    "verdict": "failed",
    "reasons": [{"code": "parrots", "ko": "따라 해요.", "en": "It parrots."}],
}
SAMPLE = {"turns": [["user", "잠이 안 와요"]], "candidate": "뒤척이는 밤은 길지요.", "live": "그렇군요."}


@pytest.fixture
def run(tmp_path: Path, settings: Any) -> TrainingRun:
    for name in ("RUNS", "SNAPSHOTS", "PUBLISHED"):
        setattr(settings, f"MARY_{name}_FOLDER", tmp_path / name.lower())
    settings.MARY_LM_PATH = tmp_path / "base.gguf"
    settings.MARY_LM_PATH.touch()
    mary = build_character("mary", adapter=f"mary@{'d' * 12}")
    for digest in ("c" * 64, "d" * 64):
        build_adapter(mary, digest)
        (tmp_path / "published" / f"mary@{digest[:12]}").mkdir(parents=True)
    return TrainingRun.objects.create(
        snapshot=build_snapshot(mary, tmp_path / "snapshots"),
        character=mary,
        state=RunState.DONE,
        dt_finished=timezone.now(),
        adapter=mary.adapters.get(gguf_sha256="c" * 64),
    )


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the gate's process leaves: exit codes in turn, and a report."""
    left: dict[str, Any] = {"codes": [0], "report": PASSED, "looked_at": []}

    def run_gate(watch: Watch, *command: str) -> int:
        left["looked_at"].append(read_settings(watch.folder))
        if left["report"] is not None:
            (watch.folder / "report.json").write_text(json.dumps(left["report"]))
        return int(left["codes"].pop(0))

    monkeypatch.setattr(Watch, "run", run_gate)
    return left


def judge(run: TrainingRun) -> Evaluation:
    ask_for_evaluation(run)
    evaluation = run_next_evaluation(lambda: False)
    assert evaluation is not None
    return evaluation


def test_a_passed_report_passes_and_the_folder_with_people_s_words_goes(run, gate):
    evaluation = judge(run)
    assert (evaluation.state, evaluation.report, evaluation.attempt) == ("passed", PASSED, 1)
    assert evaluation.live.gguf_sha256 == "d" * 64
    assert not get_gate_folder(evaluation).exists()


def test_the_gate_is_given_both_adapters_and_talks_old_and_starter(run, gate):
    judge(run)
    (given,) = gate["looked_at"]
    assert given.candidate.name == f"mary@{'c' * 12}"
    assert given.live.name == f"mary@{'d' * 12}"
    assert given.character == "mary"


def test_held_out_talks_are_the_snapshot_s_and_then_the_starter_s(run):
    folder = prepare_gate_folder(ask_for_evaluation(run))
    ids = [json.loads(line)["id"] for line in (folder / "heldout.jsonl").read_text().splitlines()]
    assert ids[0] == "c-4"
    assert len(ids) == len(set(ids)) > 10


def test_a_refused_report_refuses_with_its_reasons(run, gate):
    gate["report"] = REFUSED
    evaluation = judge(run)
    assert evaluation.state == "refused"
    assert evaluation.reasons[0]["code"] == "parrots"


def test_a_report_that_passes_and_names_a_reason_against_it_does_not_pass(run, gate):
    gate["report"] = {**REFUSED, "verdict": "passed"}
    assert judge(run).state == "refused"


@pytest.mark.parametrize(
    ("codes", "report"), [([1], None), ([2], None), ([0], None), ([0], {}), ([0], {"verdict": "yes"}), ([-9] * 3, None)]
)
def test_a_gate_that_breaks_is_no_pass(run, gate, codes, report):
    gate.update(codes=list(codes), report=report)
    evaluation = judge(run)
    assert evaluation.state == "failed"
    assert evaluation.error.startswith("gate_")
    assert not get_gate_folder(evaluation).exists()


def test_a_gate_that_was_killed_is_started_again(run, gate):
    gate["codes"] = [-9, 0]
    assert judge(run).state == "passed"


def test_sampled_replies_become_cases_of_the_arena(run, gate):
    gate["report"] = {**PASSED, "samples": [SAMPLE, SAMPLE]}
    judge(run)
    case = ArenaCase.objects.get(number=2)
    assert (case.turns, case.candidate_reply, case.live_reply) == (SAMPLE["turns"], SAMPLE["candidate"], "그렇군요.")


def test_a_candidate_that_is_tainted_meanwhile_fails(run, gate, monkeypatch):
    def withdraw(watch: Watch, *command: str) -> int:
        run.adapter.is_tainted, run.adapter.dt_tainted = True, timezone.now()
        run.adapter.save()
        (watch.folder / "report.json").write_text(json.dumps(PASSED))
        return 0

    monkeypatch.setattr(Watch, "run", withdraw)
    assert (judge(run).state, judge(run).error) == ("failed", "snapshot_tainted")


def test_an_evaluation_that_waits_is_not_asked_for_twice(run):
    assert ask_for_evaluation(run) == ask_for_evaluation(run)
    run.adapter = None
    with pytest.raises(RunRefused, match="run_not_done"):
        ask_for_evaluation(run)


def test_what_was_refused_beside_the_same_adapter_is_known_when_it_comes_again(run, gate):
    gate["report"] = REFUSED
    judge(run)
    assert list_judged_digests(ask_for_evaluation(run)) == {"c" * 64}


def test_a_passed_candidate_may_be_judged_again_beside_a_new_live_one(run, gate):
    judge(run)
    assert list_judged_digests(ask_for_evaluation(run)) == set()


@pytest.mark.parametrize("code", sorted(UNMEASURED))
def test_a_refusal_that_says_only_what_was_not_measured_lets_the_candidate_come_again(run, gate, code):
    gate["report"] = {"verdict": "failed", "reasons": [{"code": code, "ko": "", "en": ""}]}
    judge(run)
    assert list_judged_digests(ask_for_evaluation(run)) == set()
    gate.update(codes=[0], report={"verdict": "failed", "reasons": [{"code": code}, *REFUSED["reasons"]]})
    run_next_evaluation(lambda: False)
    assert list_judged_digests(ask_for_evaluation(run)) == {"c" * 64}


def test_what_was_not_measured_is_spelled_as_the_gate_spells_it():
    from training.gate import checks

    assert {checks.MISSING_CASE, checks.MISSING_EVALUATOR, checks.EVALUATOR_FAILED} == UNMEASURED


@pytest.mark.parametrize(("users", "has_fresh", "left_out"), [(2, False, 2), (Needed.fresh, True, 0)])
def test_newer_talks_are_shown_once_they_are_as_many_as_the_gate_needs(run, gate, users, has_fresh, left_out):
    build_pairs(run.character, build_staff(), users)
    folder = prepare_gate_folder(ask_for_evaluation(run))
    given = read_settings(folder)
    assert (given.has_fresh, given.fresh_left_out) == (has_fresh, left_out)
    assert (folder / "fresh.jsonl").exists() is has_fresh


def test_newer_talks_are_whole_rooms_even_past_the_number_that_is_enough(run, monkeypatch):
    monkeypatch.setattr(gate_folder, "FRESH_PAIRS", 3)
    expert = build_staff()
    for place in range(3):
        room = build_room(build_giver(), run.character)
        for number in range(2):
            reply = build_reply(build_turn(room, f"{place}번 방의 {number}번째 이야기예요."), text="힘내세요.")
            correct(reply, expert, f"{place}번 방의 {number}번째 이야기군요. 어떤 마음이 남았나요?")
    talks = gate_folder.list_fresh_talks(ask_for_evaluation(run))
    assert sum(len(turn.pairs) for talk in talks for turn in talk.turns) == 4


def test_a_snapshot_without_its_held_out_talks_is_not_judged_by_the_starter_s_alone(run, gate, settings):
    heldout = settings.MARY_SNAPSHOTS_FOLDER / run.snapshot.digest / "heldout.jsonl"
    heldout.write_text("")
    assert judge(run).state == "passed"
    heldout.unlink()
    evaluation = judge(run)
    assert (evaluation.state, evaluation.error.partition(":")[0]) == ("failed", "snapshot_missing")


def test_verdicts_are_spelled_as_the_gate_spells_them():
    from training.gate.verdict import FAILED, PASSED

    assert (module.PASSED, module.REFUSED) == (PASSED, FAILED)
