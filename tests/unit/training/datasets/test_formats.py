"""What is written is read again as it was, and what a format cannot hold is refused by code and place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.assembly import Origin
from training.datasets.formats import FORMATS, guess_format
from training.datasets.reading import read_conversations
from training.datasets.target import open_target
from training.finetune.records import Conversation, Pair, RecordError, Turn

ORIGIN = Origin("talk.jsonl:7", "talk-000000007", "mary")
GOODS = "제목: 자전거\n상품 설명: 두 해 탔어요.\n바구니가 있어요.\n상품 가격: 90000원"
U, B = "user", "bot"


def talk(*texts: str, first: str = U, **fields: Any) -> Conversation:
    roles = (U, B) if first == U else (B, U)
    turns = tuple(Turn(roles[index % 2], text) for index, text in enumerate(texts))
    return Conversation(**{"id": "a-1", "character": "mary", "turns": turns, **fields})


PLAIN = talk("비가 와요.", "우산은요?")
LONGER = talk("비가 와요.", "우산은요?", "없어요.\n\n어쩌죠?", "같이\n기다려요.")
GREETED = talk("안녕하세요.", "비가 와요.", "우산은요?", first=B)
SYSTEM = talk("비가 와요.", "우산은요?", system="짧게 답한다.")
COMPARED = talk(
    "비가 와요.",
    "우산은요?",
    system="짧게 답한다.",
    turns=(Turn(U, "비가 와요."), Turn(B, "우산은요?", (Pair("우산은요?", "네."),))),
)
WHOLE = talk(
    topic="날씨",
    mood="negative",
    system="짧게 답한다.",
    turns=(
        Turn(U, "비가 와요."),
        Turn(B, "우산은요?", (Pair("우산은 있으세요?", "네.", 2.0, 0.75), Pair("우산은요?", "비."))),
    ),
)
HAGGLED = talk("깎아 주세요.", "얼마요?", "##80000##", "네. ##<수락>##", system=GOODS)
DENIED = talk("##1000##", "##<거절>##", system=GOODS)


def load(form: str, record: Any) -> Conversation:
    return FORMATS[form].load(record, ORIGIN)


def dump(form: str, conversation: Conversation) -> list[dict[str, Any]]:
    return list(FORMATS[form].dump(conversation, "talk.jsonl:7"))


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
@pytest.mark.parametrize(
    ("form", "conversations"),
    [
        ("ours", [PLAIN, LONGER, GREETED, COMPARED, WHOLE, HAGGLED]),
        ("trl-preference", [COMPARED]),
        ("trl-conversational", [PLAIN, LONGER, GREETED, SYSTEM, HAGGLED]),
        ("alpaca", [PLAIN, LONGER, SYSTEM, HAGGLED]),
        ("sharegpt", [PLAIN, LONGER, GREETED, SYSTEM, HAGGLED]),
        ("mymary", [PLAIN, LONGER, GREETED]),
        ("nellm", [HAGGLED, DENIED]),
    ],
)
def test_what_is_written_is_read_again_as_it_was(tmp_path, form, suffix, conversations):
    file = tmp_path / f"talk.{suffix}"
    with open_target(file) as target:
        for conversation in conversations:
            for record in dump(form, conversation):
                target.write(record)
    assert guess_format(file).name == form
    assert [read for _, read in read_conversations(file, FORMATS[form], "mary")] == conversations


PIECES = st.sampled_from(["질문", "답변", "사용자", ":", "：", " ", "1", "###", "\n", "\r", "비가", "와요."])
LABEL_LIKE = st.lists(PIECES, min_size=1, max_size=8).map("".join).filter(str.strip)


@given(st.lists(LABEL_LIKE, min_size=4, max_size=4))
def test_rows_of_mymary_are_read_as_written_or_refused(texts):
    try:
        conversation = talk(*texts)
        (row,) = dump("mymary", conversation)
        read = [turn.text.split() for turn in load("mymary", row).turns]
    except RecordError:
        return
    assert read == [turn.text.split() for turn in conversation.turns]


ASKED = [{"role": "user", "content": "비가 와요."}]
GOOD = {"role": "assistant", "content": "우산은요?"}
BAD = {"role": "assistant", "content": "네."}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": ASKED, "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": None, "chosen": [*ASKED, GOOD], "rejected": [*ASKED, BAD]},
        {"prompt": ASKED, "chosen": [*ASKED, GOOD], "rejected": [*ASKED, BAD]},
        {"prompt": "비가 와요. ", "chosen": [*ASKED, GOOD], "rejected": [*ASKED, BAD]},
        {"prompt": "비가 와요.", "chosen": " 우산은요?", "rejected": " 네.", "score_chosen": 3.5},
        {"prompt": ASKED, "chosen": "우산은요?", "rejected": "네."},
        {"chosen": "비가 와요. 우산은요?", "rejected": "비가 와요. 네."},
        {"chosen": "비가 와요.\n우산은요?", "rejected": "비가 와요.\n네."},
    ],
)
def test_a_preference_is_read_wherever_its_prompt_stands(record):
    assert load("trl-preference", record | {"id": "a-1"}).turns == COMPARED.turns


def test_answers_that_begin_alike_are_not_cut_within_a_word():
    turns = load("trl-preference", {"chosen": "비 온다 우산은", "rejected": "비 온다 우비는"}).turns
    assert [turn.text for turn in turns] == ["비 온다", "우산은"]
    assert turns[1].pairs[0].rejected == "우비는"


def test_each_pair_becomes_a_record_with_what_was_said_before():
    turns = (
        Turn(U, "1"),
        Turn(B, "2", (Pair("2", "x"), Pair("z", "y"))),
        Turn(U, "3"),
        Turn(B, "4", (Pair("4", "w"),)),
    )
    records = dump("trl-preference", talk(turns=turns))
    assert [record["id"] for record in records] == ["a-1/1", "a-1/2", "a-1/3"]
    assert [len(record["prompt"]) for record in records] == [1, 1, 3]
    assert [record["chosen"][0]["content"] for record in records] == ["2", "z", "4"]


def test_prompt_and_completion_are_one_talk():
    assert load("trl-conversational", {"prompt": ASKED, "completion": [GOOD], "id": "a-1"}) == PLAIN


def test_an_alpaca_input_follows_its_instruction():
    read = load("alpaca", {"instruction": "요약해 줘.", "input": "비가 온다.", "output": "비."})
    assert read.turns[0].text == "요약해 줘.\n비가 온다."
    assert (read.id, read.character) == ("talk-000000007", "mary")


def test_a_preference_of_llama_factory_is_a_pair():
    human, gpt = {"from": "human", "value": "비가 와요."}, {"from": "gpt", "value": "우산은요?"}
    record = {"id": "a-1", "system": "짧게 답한다.", "conversations": [human], "chosen": gpt}
    assert load("sharegpt", record | {"rejected": {"from": "gpt", "value": "네."}}) == COMPARED


def test_a_row_of_mymary_is_written_with_labels_and_type():
    (row,) = dump("mymary", LONGER)
    assert row["instruction"] == "질문: 비가 와요.\n답변: 우산은요?\n질문: 없어요.\n\n어쩌죠?"
    assert (row["output"], row["type"], row["source"]) == ("같이\n기다려요.", "multi_2", "")
    assert dump("mymary", PLAIN)[0] | {"id": ""} == {
        "id": "", "instruction": "비가 와요.", "output": "우산은요?", "source": "", "type": "single"
    }  # fmt: skip


EVENTS = [
    {"role": "구매자", "message": "##80000##"},
    {"role": "판매자", "message": "##<수락>##"},
]
SALE = {"title": "자전거", "description": "두 해 탔어요.", "price": 90000, "result": "ACCEPT", "events": EVENTS}


def test_nellm_is_read_under_both_names_of_its_events_and_without_a_result():
    export = {name: value for name, value in SALE.items() if name not in ("events", "result")} | {"event": EVENTS}
    assert load("nellm", export) == load("nellm", SALE)
    assert dump("nellm", load("nellm", export))[0] == SALE | {"id": "talk-000000007"}


def turn(role: str | None, text: Any) -> dict[str, Any]:
    return {"from": role, "value": text}


@pytest.mark.parametrize(
    ("form", "record", "code"),
    [
        ("ours", {"turns": [{"role": "user", "text": None}]}, "not_a_conversation"),
        ("ours", {"turns": [{"role": "user", "text": "비"}]}, "wrong_roles"),
        ("sharegpt", {"conversations": "비"}, "not_a_conversation"),
        ("sharegpt", {"conversations": ["비"]}, "not_a_conversation"),
        ("sharegpt", {"conversations": []}, "wrong_roles"),
        ("sharegpt", {"conversations": [turn("human", "비"), turn("human", "눈"), turn("gpt", "네")]}, "wrong_roles"),
        ("sharegpt", {"conversations": [turn("human", "비"), turn("gpt", "네"), turn("human", "눈")]}, "wrong_roles"),
        ("sharegpt", {"conversations": [turn("human", "비"), turn("bot", "네")]}, "wrong_roles"),
        ("sharegpt", {"conversations": [turn("human", "비"), turn("system", "네")]}, "wrong_roles"),
        ("sharegpt", {"conversations": [turn("human", None), turn("gpt", "네")]}, "empty_text"),
        ("sharegpt", {"conversations": [turn("human", " "), turn("gpt", "네")]}, "empty_text"),
        ("sharegpt", {"conversations": [turn("human", 5), turn("gpt", "네")]}, "not_text"),
        ("sharegpt", {"conversations": [turn("human", "비")], "chosen": turn("gpt", "네")}, "not_a_conversation"),
        (
            "sharegpt",
            {"conversations": [turn("human", "비")], "chosen": turn("gpt", "네"), "rejected": turn("human", "아니")},
            "wrong_roles",
        ),
        ("alpaca", {"instruction": "비", "output": ""}, "empty_text"),
        ("alpaca", {"instruction": ["비"], "output": "네"}, "not_text"),
        ("alpaca", {"instruction": "비", "output": "네", "history": [["눈"]]}, "not_a_conversation"),
        ("trl-conversational", {"prompt": ASKED, "completion": "네"}, "not_a_conversation"),
        ("trl-conversational", {"messages": [{"role": "tool", "content": "1"}]}, "wrong_roles"),
        ("trl-preference", {"prompt": "비", "chosen": "네", "rejected": "네"}, "chosen_is_rejected"),
        ("trl-preference", {"prompt": "비", "chosen": "네", "rejected": " 네 "}, "chosen_is_rejected"),
        ("trl-preference", {"chosen": "네", "rejected": "아니요"}, "no_prompt"),
        ("trl-preference", {"chosen": [GOOD], "rejected": [BAD]}, "no_prompt"),
        ("trl-preference", {"prompt": "비", "chosen": "네"}, "empty_text"),
        ("trl-preference", {"prompt": ASKED, "chosen": [GOOD, *ASKED, GOOD], "rejected": [BAD]}, "wrong_roles"),
        ("trl-preference", {"prompt": ASKED, "chosen": [], "rejected": [BAD]}, "wrong_roles"),
        ("mymary", {"instruction": None, "output": "네"}, "empty_row"),
        ("mymary", {"instruction": "비", "output": float("nan")}, "empty_row"),
        ("mymary", {"instruction": "비", "output": "질문: 눈"}, "empty_row"),
        ("mymary", {"instruction": "질문: 비\n질문: 눈", "output": "네"}, "wrong_roles"),
        ("mymary", {"instruction": "비\n답변: 네", "output": "아니"}, "wrong_roles"),
        ("mymary", {"instruction": 5, "output": "네"}, "not_text"),
        ("nellm", SALE | {"price": 0}, "bad_price"),
        ("nellm", SALE | {"price": "90000"}, "bad_price"),
        ("nellm", SALE | {"price": True}, "bad_price"),
        ("nellm", SALE | {"title": " "}, "empty_text"),
        ("nellm", SALE | {"events": EVENTS[::-1]}, "wrong_roles"),
        ("nellm", SALE | {"events": EVENTS[:1]}, "wrong_roles"),
        ("nellm", SALE | {"events": [EVENTS[0], *EVENTS]}, "wrong_roles"),
        ("nellm", SALE | {"events": [{"role": "user", "message": "비"}]}, "wrong_roles"),
        ("nellm", SALE | {"events": None}, "not_a_conversation"),
        ("nellm", SALE | {"events": [EVENTS[0], {"role": "판매자", "message": "수락"}]}, "no_result"),
        ("nellm", SALE | {"result": "DENY"}, "wrong_result"),
        ("nellm", SALE | {"result": "accepted"}, "wrong_result"),
    ],
)
def test_what_is_no_conversation_is_refused_by_code_and_place(form, record, code):
    with pytest.raises(RecordError) as refused:
        load(form, {"id": "a", "character": "mary"} | record)
    assert (refused.value.code, refused.value.where) == (code, "talk.jsonl:7")


@pytest.mark.parametrize(
    ("form", "conversation"),
    [
        ("alpaca", GREETED),
        ("mymary", SYSTEM),
        ("mymary", talk("비가 와요.\n답변: 뭐라고요?", "네.")),
        ("mymary", talk("비가 와요.", "네.\n질문: 더요?")),
        ("nellm", PLAIN),
        ("nellm", SYSTEM),
        ("nellm", talk("깎아 주세요.", "안 돼요.", system=GOODS)),
        ("nellm", talk("어서 오세요.", "##1000##", "##<거절>##", first=B, system=GOODS)),
        ("nellm", talk("##1000##", "##<거절>##", system=GOODS.replace("90000", "0"))),
        ("trl-preference", talk(turns=(Turn(B, "1", (Pair("1", "2"),)), Turn(U, "3"), Turn(B, "4")))),
    ],
)
def test_what_a_format_cannot_hold_is_not_written(form, conversation):
    with pytest.raises(RecordError) as refused:
        dump(form, conversation)
    assert (refused.value.code, refused.value.where) == ("no_counterpart", "talk.jsonl:7")


def test_what_a_format_has_no_place_for_is_counted():
    assert FORMATS["ours"].count_losses(WHOLE) == {}
    assert FORMATS["trl-preference"].count_losses(WHOLE) == {"weights": 1, "topics": 1, "moods": 1, "characters": 1}
    assert FORMATS["sharegpt"].count_losses(WHOLE) == {"pairs": 2, "topics": 1, "moods": 1, "characters": 1}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"instruction": "비", "input": "", "output": "네"}, "alpaca"),
        ({"instruction": "비", "output": "네", "history": []}, "alpaca"),
        ({"instruction": "비", "output": "네", "type": "single"}, "mymary"),
        ({"prompt": ASKED, "completion": [GOOD]}, "trl-conversational"),
        ({"conversations": [], "chosen": {}, "rejected": {}}, "sharegpt"),
        (SALE, "nellm"),
    ],
)
def test_a_format_is_recognised_by_the_fields_of_the_first_record(tmp_path, record, name):
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert guess_format(file).name == name


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ({"text": "비"}, "none fits"),
        ({"instruction": "비", "output": "네"}, "alpaca and mymary fit "),
        ({"messages": [], "chosen": [], "rejected": []}, "trl-preference and trl-conversational fit "),
    ],
)
def test_a_format_that_is_not_clear_is_asked_for(tmp_path: Path, record, names):
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(RecordError) as refused:
        guess_format(file)
    assert refused.value.code == "unknown_format"
    assert names in refused.value.reason
