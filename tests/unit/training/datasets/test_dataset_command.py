"""`manage.py dataset` converts all or nothing, and says what is wrong, where, and what to do."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.architecture.source_tree import REPOSITORY
from training.datasets.advice import ADVICE
from training.datasets.formats import FORMATS
from training.datasets.inspection import SHOWN_FAULTS


def record(number: int, **fields: Any) -> dict[str, Any]:
    turns = [{"role": "user", "text": f"비가 {number}일째 와요."}, {"role": "bot", "text": "우산은요?"}]
    return {"id": f"a-{number}", "character": "mary", "turns": turns, **fields}


def write(file: Path, *records: Any) -> Path:
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return file


def call(*arguments: object) -> str:
    out = StringIO()
    call_command("dataset", *map(str, arguments), stdout=out)
    return out.getvalue()


def refuse(*arguments: object) -> str:
    with pytest.raises(CommandError) as refused:
        call(*arguments)
    assert refused.value.returncode == 1
    return str(refused.value)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.jsonl", record(1, topic="날씨"), record(2))


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write(tmp_path / "bad.jsonl", record(1), record(2, turns=[]), record(1), {"id": "x"})


def test_a_file_is_converted_there_and_back(good, tmp_path):
    there, back = tmp_path / "there.json", tmp_path / "back.jsonl"
    assert "not kept: 1 topics" in call("convert", good, there, "--to", "sharegpt")
    assert len(json.loads(there.read_text(encoding="utf-8"))) == 2
    assert "sharegpt → ours: 2 conversations, 2 records" in call("convert", there, back, "--character", "mary")
    assert [json.loads(line) for line in back.read_text(encoding="utf-8").splitlines()] == [record(1), record(2)]


def test_a_record_without_an_id_is_called_after_its_file_and_line(tmp_path):
    source = write(tmp_path / "theirs.jsonl", {"instruction": "비", "input": "", "output": "우산"})
    call("convert", source, tmp_path / "ours.jsonl", "--from", "alpaca", "--character", "mary")
    assert json.loads((tmp_path / "ours.jsonl").read_text(encoding="utf-8"))["id"] == "theirs-000000001"


def test_nothing_is_written_when_one_conversation_is_refused(bad, tmp_path):
    answer = refuse("convert", bad, tmp_path / "out.jsonl", "--to", "alpaca")
    assert answer.startswith("bad.jsonl:2: wrong_roles: ")
    assert answer.count("--skip-bad") == 2  # in Korean and in English
    assert sorted(tmp_path.iterdir()) == [bad]


def test_bad_conversations_are_left_out_when_that_is_wished(bad, tmp_path):
    answer = call("convert", bad, tmp_path / "out.jsonl", "--to", "alpaca", "--skip-bad")
    assert "left out: 1 wrong_roles" in answer
    assert "left out: 1 not_a_conversation" in answer
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_repeated_conversations_are_left_out_when_that_is_wished(tmp_path):
    source = write(tmp_path / "twice.jsonl", record(1), record(1, id="b"), record(1, mood="negative"), record(2))
    answer = call("convert", source, tmp_path / "out.jsonl", "--to", "alpaca", "--drop-repeated")
    assert "left out: 1 repeated conversations" in answer
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_torn_array_is_not_skipped(tmp_path):
    source = tmp_path / "torn.json"
    source.write_text(json.dumps([record(1), record(2)])[:-5], encoding="utf-8")
    answer = refuse("convert", source, tmp_path / "out.jsonl", "--skip-bad")
    assert answer.startswith("torn.json[1]: not_json: ")
    assert "--skip-bad" not in answer
    assert not (tmp_path / "out.jsonl").exists()


def test_conversations_without_pairs_are_no_preferences(good, tmp_path):
    assert "empty" in refuse("convert", good, tmp_path / "out.jsonl", "--to", "trl-preference")
    assert sorted(tmp_path.iterdir()) == [good]


def test_a_target_that_is_there_is_kept_unless_forced(good, tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("mine", encoding="utf-8")
    assert ": target_exists: " in refuse("convert", good, target)
    assert target.read_text(encoding="utf-8") == "mine"
    call("convert", good, target, "--force")
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2


def test_a_file_may_be_converted_in_its_place(good):
    call("convert", good, good, "--to", "alpaca", "--force")
    assert "2 conversations, no fault" in call("check", good)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "nowhere.jsonl"), "no_file"),
        (("check", "."), "no_file"),
        (("convert", "good.jsonl", "nowhere/out.jsonl"), "no_folder"),
        (("convert", "good.jsonl", ".", "--force"), "target_exists"),
        (("convert", "theirs.jsonl", "out.jsonl"), "no_character"),
        (("check", "strange.jsonl"), "unknown_format"),
        (("stats", "empty.jsonl"), "empty"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_advice(good, tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "theirs.jsonl", {"messages": []})
    write(tmp_path / "strange.jsonl", {"text": "비"})
    write(tmp_path / "empty.jsonl")
    lines = refuse(*arguments).splitlines()
    assert f": {code}: " in lines[0]
    assert [line.strip() for line in lines[1:]] == list(ADVICE[code])


def test_check_names_every_fault_and_counts_by_code(bad):
    out = StringIO()
    with pytest.raises(CommandError, match=r"bad\.jsonl \(ours\): 3 faults, 1 good") as refused:
        call_command("dataset", "check", str(bad), stdout=out)
    assert refused.value.returncode == 1
    shown = [line.split("  ")[:2] for line in out.getvalue().splitlines() if line.startswith("bad")]
    assert shown == [
        ["bad.jsonl:2", "wrong_roles"],
        ["bad.jsonl:3", "duplicate_id"],
        ["bad.jsonl:4", "not_a_conversation"],
    ]
    assert "faults: 1 duplicate_id" in out.getvalue()


def test_check_shows_the_first_faults_and_counts_the_rest(tmp_path):
    source = write(tmp_path / "bad.jsonl", *[record(1)] * 100)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("dataset", "check", str(source), "--from", "ours", stdout=out)
    assert out.getvalue().count("bad.jsonl:") == SHOWN_FAULTS
    assert "faults: 99 duplicate_id" in out.getvalue()


def test_what_a_file_holds_cannot_write_to_the_terminal(tmp_path):
    fields = {"role": "\x1b[2Jtool\n", "content": "비" * 1000}
    source = write(tmp_path / "bad.jsonl", {"messages": [fields]})
    assert "\x1b" not in refuse("stats", source)


def test_stats_counts_turns_and_openings(good):
    answer = call("stats", good)
    assert "conversations           2\n" in answer
    assert "turns a conversation    median 2, 90 % at most 2, longest 2" in answer
    assert "2  우산은요?" in answer


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stderr", "is_shown"), [(Terminal(), True), (StringIO(), False)])
def test_progress_is_shown_on_a_terminal_only(good, monkeypatch, stderr, is_shown):
    monkeypatch.setattr("sys.stderr", stderr)
    call("check", good)
    assert ("good.jsonl: 100%" in stderr.getvalue()) is is_shown
    assert is_shown or stderr.getvalue() == ""


def test_every_code_that_a_record_can_be_refused_with_has_its_advice():
    files = [REPOSITORY / "training" / "finetune" / "records.py", *(REPOSITORY / "training" / "datasets").glob("*.py")]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    codes = set(re.findall(r'(?:RecordError|BrokenArrayError)\(\s*"([a-z_0-9]+)"', sources))
    assert "template_label" in codes
    assert codes - ADVICE.keys() == set()


def test_a_label_left_in_a_text_is_named_and_told_what_to_do(tmp_path):
    turns = [{"role": "user", "text": "### 명령어: 비가 와요."}, {"role": "bot", "text": "우산은요?"}]
    file = write(tmp_path / "talks.jsonl", record(1, turns=turns))
    out = StringIO()
    with pytest.raises(CommandError, match="1 faults, 0 good"):
        call_command("dataset", "check", str(file), "--from", "ours", stdout=out)
    assert "talks.jsonl:1  template_label" in out.getvalue()
    assert ADVICE["template_label"][0] in out.getvalue()


def test_every_format_and_code_is_documented():
    text = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert {name for name in ADVICE.keys() | FORMATS.keys() if f"`{name}`" not in text} == set()
