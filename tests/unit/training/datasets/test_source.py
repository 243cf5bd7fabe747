"""Records are read one by one, in flat memory, and every fault is named with its place."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from training.datasets import source
from training.datasets.formats import FORMATS
from training.datasets.reading import read_conversations
from training.datasets.source import BrokenArrayError, read_records
from training.finetune.records import RecordError


def write(folder: Path, content: str | bytes, name: str = "talk.jsonl") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_lines_and_an_array_give_the_same_records(tmp_path):
    records = [{"말": "비가 와요. 🌧", "수": 1.5}, [1, [2, {"a": []}]], {}, "글", None]
    lines = write(tmp_path, "\n".join(json.dumps(record) for record in records))
    array = write(tmp_path, json.dumps(records, indent=1), "talk.json")
    assert [record.fields for record in read_records(lines)] == records
    assert [record.fields for record in read_records(array)] == records


def test_places_count_lines_from_one_and_items_from_zero(tmp_path):
    lines = write(tmp_path, "\ufeff\n{}\r\n  \n{}")
    array = write(tmp_path, "\ufeff \n [{}, {}]", "talk.json")
    assert [record.where for record in read_records(lines)] == ["talk.jsonl:2", "talk.jsonl:4"]
    assert [record.where for record in read_records(array)] == ["talk.json[0]", "talk.json[1]"]


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (b"", "empty", "talk.jsonl"),
        (b" \n\t\n", "empty", "talk.jsonl"),
        (b"[ ]", "empty", "talk.jsonl"),
        (b"{}\n{", "not_json", "talk.jsonl:2"),
        (b"{}\n" + b"[" * 100_000, "not_json", "talk.jsonl:2"),
        (b'{}\n{"a": "\xff"}', "not_utf8", "talk.jsonl:2"),
        ('{"a": "가"}'.encode("utf-16"), "not_utf8", "talk.jsonl:1"),
        (b'{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}', "not_utf8", "talk.jsonl:2"),
        (b'[{}, {"a": "\xff"}]', "not_utf8", "talk.jsonl[1]"),
        (b"[{}, {}", "not_json", "talk.jsonl[2]"),
        (b"[{}] {}", "not_json", "talk.jsonl[1]"),
        (b"[{}, {},]", "not_json", "talk.jsonl[2]"),
        (b"[{}, " + b"[" * 100_000, "too_big", "talk.jsonl[1]"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(tmp_path, content, code, where):
    with pytest.raises(RecordError) as refused:
        list(read_records(write(tmp_path, content)))
    assert (refused.value.code, refused.value.where) == (code, where)


def test_a_bad_line_costs_only_itself(tmp_path):
    faults: list[RecordError] = []
    lines = write(tmp_path, b'{"a": 1}\n{\n\xff\n{"a": 2}')
    assert [record.fields["a"] for record in read_records(lines, faults.append)] == [1, 2]
    assert [fault.where for fault in faults] == ["talk.jsonl:2", "talk.jsonl:3"]


def test_a_broken_array_ends_there_and_says_so(tmp_path):
    faults: list[RecordError] = []
    array = write(tmp_path, '[{"a": 1}, {"a": }, {"a": 2}]')
    assert [record.fields["a"] for record in read_records(array, faults.append)] == [1]
    assert [type(fault) for fault in faults] == [BrokenArrayError]
    assert "nothing after it was read" in faults[0].reason


def test_a_record_without_an_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "RECORD_BYTES", 1000)
    monkeypatch.setattr(source, "CHUNK_BYTES", 100)
    faults: list[RecordError] = []
    long = json.dumps({"a": "가" * 2000})
    lines = write(tmp_path, f'{{"a": 1}}\n{long}\n{{"a": 2}}')
    assert [record.fields["a"] for record in read_records(lines, faults.append)] == [1, 2]
    array = write(tmp_path, f'[{{"a": 1}}, {long}, {{"a": 2}}]', "talk.json")
    assert [record.fields["a"] for record in read_records(array, faults.append)] == [1]
    assert [(fault.code, fault.where) for fault in faults] == [
        ("too_big", "talk.jsonl:2"),
        ("too_big", "talk.json[1]"),
    ]


@pytest.mark.parametrize("name", ["talk.jsonl", "talk.json"])
def test_progress_ends_at_the_size_of_the_file(tmp_path, name):
    records = [{"a": "가나다" * 50}] * 1000
    is_array = name.endswith("json")
    file = write(tmp_path, json.dumps(records) if is_array else "\n".join(map(json.dumps, records)), name)
    counts: list[int] = []
    assert len(list(read_records(file, on_bytes=counts.append))) == 1000
    assert sum(counts) == file.stat().st_size


def measure_peak(file: Path) -> int:
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_conversations(file, FORMATS["sharegpt"]))
        assert count in (5_000, 100_000)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["lines", "array"])
def test_twenty_times_the_records_need_no_more_memory(tmp_path, form):
    record = json.dumps({"conversations": [{"from": "human", "value": "비"}, {"from": "gpt", "value": "우산"}]})
    few, many = (
        write(tmp_path, f"[{','.join([record] * count)}]" if form == "array" else f"{record}\n" * count, f"{count}")
        for count in (5_000, 100_000)
    )
    # Threads of the tests before it allocate as well; what grows with the file grows by far more than this.
    assert measure_peak(many) <= measure_peak(few) + many.stat().st_size / 20
