"""Rooms → conversations for the trainer: roles in turn, every pair in one part, no part too long."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from training.cycle.composing import MOST_CHARACTERS, compose_conversations
from training.finetune.records import Conversation, Pair, dump_conversation, load_conversation


@dataclass(frozen=True)
class Turn:
    message: str
    answer: str
    dialog_id: uuid.UUID = field(default_factory=uuid.uuid4)


def compare(text: str) -> list[Pair]:
    return [Pair(chosen=f"{text} 어떤 마음이었어요?", rejected=text)]


def compose(room: list[Turn], compared: list[Turn]) -> list[Conversation]:
    pairs = {turn.dialog_id: compare(turn.answer) for turn in compared}
    return list(compose_conversations("room", "mary", room, pairs))


def test_a_room_ends_at_its_last_compared_answer():
    room = [Turn("", "안녕하세요, 마리예요."), Turn("잠이 안 와요", "뒤척이셨군요."), Turn("네", "그렇군요.")]
    (talk,) = compose(room, [room[1]])
    assert [turn.text for turn in talk.turns] == ["안녕하세요, 마리예요.", "잠이 안 와요", "뒤척이셨군요."]
    assert talk.turns[-1].pairs[0].rejected == "뒤척이셨군요."


def test_a_message_without_an_answer_is_read_with_the_next():
    room = [Turn("있잖아요", ""), Turn("오늘 혼났어요", "속상하셨겠어요.")]
    (talk,) = compose(room, [room[1]])
    assert [turn.text for turn in talk.turns] == ["있잖아요\n오늘 혼났어요", "속상하셨겠어요."]


def test_a_room_without_compared_answers_gives_nothing():
    assert compose([Turn("안녕하세요", "어서 오세요.")], []) == []


def test_a_long_room_is_cut_and_every_pair_stands_in_one_part():
    room = [
        Turn(f"{number}번째 이야기예요. " + "오늘도 힘들었어요. " * 20, f"{number}번째 답이에요.")
        for number in range(20)
    ]
    parts = compose(room, room)
    rejected = [pair.rejected for part in parts for turn in part.turns for pair in turn.pairs]
    assert len(parts) > 1
    assert sorted(rejected) == sorted(turn.answer for turn in room)
    assert all(sum(len(turn.text) for turn in part.turns) <= MOST_CHARACTERS for part in parts)


def test_every_part_is_a_conversation_that_the_trainer_takes():
    room = [Turn("말" * 500, f"답 {number}") for number in range(9)]
    for part in compose(room, room[::2]):
        assert load_conversation(dump_conversation(part), "here").id == part.id


def test_an_answer_to_a_message_that_is_too_long_alone_is_left_out():
    room = [Turn("길" * (MOST_CHARACTERS + 1), "네, 듣고 있어요."), Turn("짧아요", "그래요.")]
    (talk,) = compose(room, room)
    assert [pair.rejected for turn in talk.turns for pair in turn.pairs] == ["그래요."]


def test_only_a_stretch_with_a_clinical_turn_is_marked():
    room = [Turn(f"{number}번째 말이에요.", f"{number}번째 답이에요.") for number in range(5)]
    pairs = {turn.dialog_id: compare(turn.answer) for turn in (room[1], room[4])}
    marks = {"left_out": [room[2].dialog_id], "clinical": [turn.dialog_id for turn in room[2:]]}
    talks = compose_conversations("room", "mary", room, pairs, **marks)
    assert [talk.is_clinical for talk in talks] == [False, True]


def test_no_part_holds_or_reaches_across_a_turn_that_is_left_out():
    room = [Turn(f"{number}번째 말이에요.", f"{number}번째 답이에요.") for number in range(5)]
    pairs = {turn.dialog_id: compare(turn.answer) for turn in room}
    parts = list(compose_conversations("room", "mary", room, pairs, left_out={room[2].dialog_id}))
    assert [[turn.text[0] for turn in part.turns] for part in parts] == [["0", "0", "1", "1"], ["3", "3", "4", "4"]]
