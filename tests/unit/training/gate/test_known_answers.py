"""Answers to the fixed sets, kept from gate to gate: the same question of the same voice only."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chat.inference.voice import Voice
from chat.prompting import Persona, Sampling, Turn, load_persona
from mymary_site.env import REPOSITORY
from training.evaluation.served import Answer, Question
from training.gate.known_answers import KnownAnswers

SAMPLING = Sampling(temperature=0.0, top_k=20, top_p=0.95, min_p=0.05, repeat_penalty=1.1, max_tokens=96)
QUESTIONS = (Question((Turn("user", "잠이 안 와요"),), "", "s001"), Question((Turn("user", "네"),), "", "s002"))
ANSWERS = [Answer("뒤척이셨군요.", "뒤척이셨군요.", 0.1, 0.5, 9), Answer("그래요.", "그래요.", 0.1, 0.2, 3)]


@pytest.fixture
def voice() -> Voice:
    persona: Persona = load_persona(REPOSITORY / "chat" / "prompts" / "mary.md")
    return Voice(persona, SAMPLING, adapter="live@0123456789ab")


@pytest.fixture
def known(tmp_path: Path, voice: Voice) -> KnownAnswers:
    answers = KnownAnswers(tmp_path / "answers", "b" * 64)
    answers.keep(voice, QUESTIONS, ANSWERS)
    return answers


def test_what_was_answered_once_is_known(known: KnownAnswers, voice: Voice):
    assert known.find(voice, QUESTIONS) == ANSWERS


def test_another_adapter_prompt_setting_or_question_is_not_known(known: KnownAnswers, voice: Voice):
    others = (
        replace(voice, adapter="live@ffffffffffff"),
        replace(voice, sampling=replace(SAMPLING, max_tokens=95)),
        replace(voice, persona=replace(voice.persona, tuned_grammar=None)),
    )
    assert [known.find(other, QUESTIONS) for other in others] == [None, None, None]
    assert known.find(voice, QUESTIONS[:1]) is None


def test_each_adapter_s_answers_lie_in_a_folder_of_its_own(tmp_path: Path, known: KnownAnswers, voice: Voice):
    known.keep(replace(voice, adapter="next@ffffffffffff"), QUESTIONS, ANSWERS)
    shutil.rmtree(tmp_path / "answers" / "ffffffffffff")
    assert [file.parent.name for file in (tmp_path / "answers").rglob("*.json")] == ["0123456789ab"]
    assert known.find(voice, QUESTIONS) == ANSWERS


def test_answers_that_cannot_be_written_do_not_end_the_gate(tmp_path: Path, known: KnownAnswers, voice: Voice):
    (tmp_path / "answers" / "ffffffffffff").touch()
    other = replace(voice, adapter="next@ffffffffffff")
    known.keep(other, QUESTIONS, ANSWERS)
    assert known.find(other, QUESTIONS) is None


def test_another_base_is_not_known(tmp_path: Path, known: KnownAnswers, voice: Voice):
    assert KnownAnswers(tmp_path / "answers", "c" * 64).find(voice, QUESTIONS) is None


def test_a_file_that_was_cut_off_is_not_known(tmp_path: Path, known: KnownAnswers, voice: Voice):
    for file in (tmp_path / "answers").rglob("*.json"):
        file.write_text(file.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert known.find(voice, QUESTIONS) is None


def test_without_a_folder_nothing_is_kept(voice: Voice):
    nowhere = KnownAnswers(None, "b" * 64)
    nowhere.keep(voice, QUESTIONS, ANSWERS)
    assert nowhere.find(voice, QUESTIONS) is None
