"""MyMary's rows in every spelling that labels come in, with the turns a person reads in them."""

from __future__ import annotations

import time
import unicodedata

import pytest

from training.datasets.mymary_cleaning import clean_row, cut_leaked_turns, name_type, split_turns

TALK = [("user", "시험을 망쳤어요."), ("bot", "속상하셨겠어요. 어떤 과목이었어요?"), ("user", "수학이요.")]


@pytest.mark.parametrize(
    "instruction",
    [
        "질문: 시험을 망쳤어요.\n답변: 속상하셨겠어요. 어떤 과목이었어요?\n질문: 수학이요.",
        "질문1: 시험을 망쳤어요.\n답변1: 속상하셨겠어요. 어떤 과목이었어요?\n질문2: 수학이요.",
        "질문1 : 시험을 망쳤어요.\n답변1 : 속상하셨겠어요. 어떤 과목이었어요?\n질문2 : 수학이요.",
        "질문 1 :시험을 망쳤어요.\n답변 1 :속상하셨겠어요. 어떤 과목이었어요?\n질문 2 :수학이요.",
        "질문：시험을 망쳤어요.\n답변：속상하셨겠어요. 어떤 과목이었어요?\n질문：수학이요.",
        "질문１: 시험을 망쳤어요.\n답변１: 속상하셨겠어요. 어떤 과목이었어요?\n질문２: 수학이요.",
        "[질문1]: 시험을 망쳤어요.\n[답변1]: 속상하셨겠어요. 어떤 과목이었어요?\n[질문2]: 수학이요.",
        "질문(1): 시험을 망쳤어요.\n답변(1): 속상하셨겠어요. 어떤 과목이었어요?\n질문(2): 수학이요.",
        "질문-1: 시험을 망쳤어요.\n답변-1: 속상하셨겠어요. 어떤 과목이었어요?\n질문-2: 수학이요.",
        "### 명령어: 시험을 망쳤어요.\n### 응답: 속상하셨겠어요. 어떤 과목이었어요?\n### 명령어: 수학이요.",
        "###명령어:\n시험을 망쳤어요.\n\n###응답:\n속상하셨겠어요. 어떤 과목이었어요?\n\n###명령어:\n수학이요.\n",
        "  질문\u3000:\u3000시험을 망쳤어요.\r\n  답변 : 속상하셨겠어요. 어떤 과목이었어요?\r\n  질문 : 수학이요.  ",
        "사용자: 시험을 망쳤어요.\n응답: 속상하셨겠어요. 어떤 과목이었어요?\n사용자: 수학이요.",
        "시험을 망쳤어요.\n답변: 속상하셨겠어요. 어떤 과목이었어요?\n질문: 수학이요.",
        unicodedata.normalize(
            "NFD", "질문: 시험을 망쳤어요.\n답변: 속상하셨겠어요. 어떤 과목이었어요?\n질문: 수학이요."
        ),
    ],
)
def test_every_spelling_of_the_labels_gives_the_same_turns(instruction):
    assert split_turns(instruction) == TALK


@pytest.mark.parametrize(
    "text",
    [
        "질문 있어요: 내일 뭐 입죠?",
        "궁금한 게 있는데 질문: 이라고 적어도 되나요?",
        "답변이 늦어서 죄송해요.",
        "명령어를 외우는 게 힘들어요.",
        "질문이 하나 있어요.\n언제 쉬는 게 좋을까요?",
    ],
)
def test_a_word_that_is_no_label_stays_in_the_text(text):
    assert split_turns(text) == [("user", text)]
    assert cut_leaked_turns(text) == text


@pytest.mark.parametrize(
    ("instruction", "output", "said"),
    [
        ("비가 와요.", "우산은 챙기셨어요?", [("user", "비가 와요."), ("bot", "우산은 챙기셨어요?")]),
        # the answer stands at the end of the question
        ("질문: 비가 와요.\n답변: 우산은요?", "", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("질문: 비가 와요.\n답변: 우산은요?", "우산은요?", [("user", "비가 와요."), ("bot", "우산은요?")]),
        # the prompt's own last label
        ("### 명령어: 비가 와요.\n\n### 응답:", "우산은요?", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("비가 와요.", "### 응답: 우산은요?", [("user", "비가 와요."), ("bot", "우산은요?")]),
        # more than an answer
        ("비가 와요.", "우산은요?\n질문: 없어요.\n답변: 저런.", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("비가 와요.", "답변1: 우산은요?\n\n질문2 : 없어요.", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("비가 와요.", "우산은요?\n### 명령어: 없어요.", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("비가 와요.", "우산은요?\n사용자： 없어요.", [("user", "비가 와요."), ("bot", "우산은요?")]),
        ("비가 와요.", "우산은요?\n답변: 우산은요?", [("user", "비가 와요."), ("bot", "우산은요?")]),
        # an answer of two lines is one answer
        ("비가 와요.", "우산은요?\n저는 있어요.", [("user", "비가 와요."), ("bot", "우산은요?\n저는 있어요.")]),
        # nothing is left
        ("", "우산은요?", [("bot", "우산은요?")]),
        ("비가 와요.", "질문: 비가 와요.", [("user", "비가 와요.")]),
        ("비가 와요.", "", [("user", "비가 와요.")]),
        (" \n", " ", []),
    ],
)
def test_a_row_becomes_turns_with_the_answer_last(instruction, output, said):
    assert clean_row(instruction, output) == said


@pytest.mark.parametrize(("turns", "name"), [(1, "single"), (2, "multi_2"), (3, "multi_3"), (11, "multi_11")])
def test_the_type_counts_the_turns_of_the_user(turns, name):
    assert name_type(turns) == name


def test_endless_blanks_after_a_label_take_no_endless_time():
    began = time.monotonic()
    split_turns(f"질문{' ' * 100_000}1{' ' * 100_000}\n" * 3)
    assert time.monotonic() - began < 1
