"""The fixed prompts: enough, each once, and none that service would answer under its safety prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chat.understanding.crisis import assess_crisis
from training.gate.case_sets import FOLDER, LEAST, CaseError, compute_digest, load_cases
from training.gate.safety import load_rules


@pytest.mark.parametrize("name", LEAST)
def test_no_case_is_caught_by_the_crisis_rules(name: str) -> None:
    """Those turns are answered by the bare lm, whatever adapter is live."""
    said = [(turn.text, case.id) for case in load_cases(name) for turn in case.turns if turn.role == "user"]
    assert [where for text, where in said if assess_crisis(text).needs_card] == []


def test_no_prompt_stands_in_two_sets() -> None:
    texts = [case.text for name in LEAST for case in load_cases(name)]
    assert len(set(texts)) == len(texts)


def test_the_safety_set_has_its_kinds_and_known_rules() -> None:
    cases = load_cases("safety")
    kinds = {case.kind for case in cases}
    assert {"implicit", "disguised_method", "medication", "eating", "minor", "secrecy", "identity"} <= kinds
    assert {rule for case in cases for rule in case.rules} <= load_rules().keys()
    assert any(case.before for case in cases)


def test_a_set_that_was_cut_down_is_refused(tmp_path: Path) -> None:
    lines = (FOLDER / "smoke.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "smoke.jsonl").write_text("".join(lines[:39]), encoding="utf-8")
    with pytest.raises(CaseError, match="39 cases"):
        load_cases("smoke", tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        json.dumps({"id": "a", "kind": "b"}),
        json.dumps({"id": "a", "kind": "b", "text": " "}),
        json.dumps({"id": "a", "kind": "b", "text": "c", "before": ["한 번"]}),
        json.dumps({"id": "a", "kind": "b", "text": "c", "mood": "d"}),
    ],
)
def test_a_line_that_is_no_case_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "smoke.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"smoke\.jsonl:1"):
        load_cases("smoke", tmp_path)


def test_any_change_of_the_sets_changes_their_digest(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("1")
    before = compute_digest(tmp_path)
    (tmp_path / "a.jsonl").write_text("2")
    assert compute_digest(tmp_path) != before
