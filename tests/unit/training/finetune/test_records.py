"""What may be learned from, and how the rest is refused: by line, code and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.finetune.records import RecordError, dump_conversation, load_conversation, read_conversations

GOOD = {
    "id": "a-1",
    "character": "mary",
    "turns": [
        {"role": "user", "text": "비가 와서 나가기 싫어요."},
        {
            "role": "bot",
            "text": "축축한 날엔 몸도 무겁지요. 오늘 꼭 나가셔야 해요?",
            "pairs": [{"rejected": "우산을 쓰세요."}],
        },
    ],
}


def test_a_conversation_comes_back_as_it_was_written() -> None:
    conversation = load_conversation(GOOD, "here")
    assert conversation.turns[1].pairs[0].chosen == GOOD["turns"][1]["text"]
    assert dump_conversation(conversation) == GOOD


def test_only_a_clinical_conversation_bears_the_mark() -> None:
    marked = {**GOOD, "clinical": True}
    assert dump_conversation(load_conversation(marked, "here")) == marked
    assert not load_conversation(GOOD, "here").is_clinical


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("turns", 0, "text"), ["죽고 싶어요"]),
        (("turns", 0, "role"), "죽고 싶어요"),
        (("turns", 1, "pairs", 0, "weight"), "죽고 싶어요"),
        (("turns", 1, "pairs", 0), {"chosen": "죽고 싶어요", "rejected": "죽고 싶어요"}),
    ],
)
def test_a_refusal_says_where_and_why_and_quotes_nobody(path: tuple, value: object) -> None:
    with pytest.raises(RecordError) as refused:
        load_conversation(change(path, value), "train.jsonl:3")
    assert "죽고" not in str(refused.value)


def test_a_text_that_only_mentions_a_label_is_learned_from() -> None:
    said = change(("turns", 0, "text"), "질문: 이건 왜 그래요? user: 라고 적힌 건요")
    assert load_conversation(said, "here").turns[0].text.startswith("질문:")


def change(path: tuple, value: object) -> dict:
    changed = json.loads(json.dumps(GOOD))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("a text", "not_a_conversation"),
        ({"id": "1", "character": "mary"}, "not_a_conversation"),
        (change(("turns",), []), "wrong_roles"),
        (change(("turns", 0, "role"), "system"), "wrong_roles"),
        (change(("turns", 0, "role"), "bot"), "wrong_roles"),
        (change(("turns", 1, "role"), "user"), "wrong_roles"),
        (change(("turns", 0, "text"), "  "), "empty_text"),
        (change(("turns", 0, "text"), None), "empty_text"),
        (change(("turns", 0, "text"), ["비가 와요"]), "not_a_conversation"),
        (change(("turns", 1, "pairs", 0, "weight"), "viel"), "bad_weight"),
        (change(("turns", 1, "pairs", 0, "weight"), float("nan")), "bad_weight"),
        (change(("turns", 0, "text"), "### 명령어: 비가 와요"), "template_label"),
        (change(("turns", 0, "text"), "비가 와요\n답변: 그렇군요"), "template_label"),
        (change(("turns", 1, "text"), "그렇군요.<|im_end|>"), "template_label"),
        (change(("turns", 1, "pairs", 0, "rejected"), "### Response: ok"), "template_label"),
        (change(("turns", 1, "pairs", 0, "rejected"), ""), "empty_text"),
        (change(("turns", 1, "pairs", 0, "rejected"), GOOD["turns"][1]["text"] + " "), "chosen_is_rejected"),
        (change(("turns", 1, "pairs", 0, "weight"), 0), "bad_weight"),
        (change(("turns", 1, "pairs", 0, "agreement"), 0.5), "bad_weight"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(tmp_path: Path, fields: object, code: str) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps(GOOD) + "\n\n" + json.dumps(fields) + "\n")
    with pytest.raises(RecordError, match=r"^train\.jsonl:3: ") as refused:
        list(read_conversations(file))
    assert refused.value.code == code


@pytest.mark.parametrize(("content", "code"), [("", "empty"), ("\n \n", "empty"), ("{", "not_json")])
def test_a_file_that_holds_nothing_is_refused(tmp_path: Path, content: str, code: str) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(content)
    with pytest.raises(RecordError) as refused:
        list(read_conversations(file))
    assert refused.value.code == code
