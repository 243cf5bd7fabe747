"""What the arena gets of a gate's replies: where the sides differ, and nothing of a crisis."""

from __future__ import annotations

import pytest

pytest.importorskip("peft", reason="needs requirements/training.txt")

from training.evaluation.served import Answer, list_questions
from training.finetune.records import load_conversation
from training.gate import speak
from training.gate.measured import Group, Measured
from training.gate.run import list_samples


def load_talk(name: str, **marks: bool):
    turns = [{"role": "user", "text": f"{name}의 말"}, {"role": "bot", "text": "그러셨군요."}]
    return load_conversation({"id": name, "character": "mary", "turns": turns, **marks}, "heldout.jsonl:1")


def say(text: str) -> Answer:
    return Answer(text, text, 0.1, 0.2, 3)


def test_a_marked_talk_is_answered_and_shown_to_nobody() -> None:
    questions = tuple(list_questions([load_talk("plain"), load_talk("crisis", clinical=True)], 0))
    names = tuple(question.id for question in questions)
    exchanges = tuple(speak._pair(question, say("새 답"), say("헌 답")) for question in questions)
    measured = Measured("mary", {"heldout": Group(names, exchanges)})
    samples = list_samples(measured, {"heldout": speak.Topic(names, questions)})
    assert len(exchanges) == 2
    assert [sample["turns"] for sample in samples] == [[["user", "plain의 말"]]]
