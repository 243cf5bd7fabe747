"""The rules of a reply, and the starter conversations held against them."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator

import pytest

from mymary_site.env import REPOSITORY
from training.evaluation.forms import CLOSING_PHRASE, list_form_faults
from training.finetune.records import Conversation, read_conversations
from training.starter.variety import count_openings, find_shared_phrases, list_replies

DATA = REPOSITORY / "training" / "starter" / "data"
HELD_OUT_SHARE = 10
"""One conversation in ten, by the digest of its id: nobody chooses which."""


def test_shared_phrases_are_found_across_replies_and_not_within_one() -> None:
    phrase = "하나 둘 셋 넷 다섯 여섯 일곱 여덟"
    found = list(find_shared_phrases([("a", f"{phrase} {phrase}"), ("b", f"처음 {phrase} 끝"), ("c", "하나 둘 셋")]))
    assert found == [("b", "a", phrase)]


# --- The starter conversations ------------------------------------------------------------------------------


def read_split(split: str) -> Iterator[Conversation]:
    for file in sorted(DATA.glob(f"*/{split}.jsonl")):
        yield from read_conversations(file)


@pytest.fixture(scope="module")
def everything() -> list[Conversation]:
    return [*read_split("train"), *read_split("heldout")]


def count_turns(conversation: Conversation) -> int:
    return sum(turn.role == "user" for turn in conversation.turns)


def test_every_talk_begins_with_a_greeting_of_its_character_as_rooms_do(everything: list[Conversation]) -> None:
    seeds = tomllib.loads((REPOSITORY / "chat" / "seeds" / "characters.toml").read_text(encoding="utf-8"))
    greetings = {character["key"]: character["greetings"] for character in seeds["character"]}
    for conversation in everything:
        assert conversation.turns[0].role == "bot"
        assert conversation.turns[0].text in greetings[conversation.character], conversation.id


def test_there_is_enough_of_every_kind(everything: list[Conversation]) -> None:
    counselling = [c for c in everything if c.character in ("mary", "mentos", "expert")]
    assert sum(3 <= count_turns(c) <= 8 for c in counselling) >= 300
    assert sum(count_turns(c) == 1 for c in counselling) >= 300
    by_character = Counter(c.character for c in everything)
    assert by_character["expert"] >= 80
    assert by_character["futfut"] >= 80
    assert len({c.topic for c in counselling}) >= 40
    moods = Counter(c.mood for c in everything)
    assert min(moods["negative"], moods["positive"]) >= len(everything) / 4
    assert sum(len(turn.pairs) for c in everything for turn in c.turns) >= 300


def test_one_in_ten_is_held_out_by_its_digest_and_in_no_other_file(everything: list[Conversation]) -> None:
    assert len({c.id for c in everything}) == len(everything)
    held_out = {c.id for c in read_split("heldout")}
    for conversation in everything:
        digest = int(hashlib.sha256(conversation.id.encode()).hexdigest(), 16)
        assert (conversation.id in held_out) == (digest % HELD_OUT_SHARE == 0), conversation.id
    assert 0.07 < len(held_out) / len(everything) < 0.13


def test_every_reply_has_the_form_of_its_character(everything: list[Conversation]) -> None:
    faults = [(i, text, list(list_form_faults(character, text))) for i, character, text in list_replies(everything)]
    assert [row for row in faults if row[2]] == []


def test_no_two_replies_share_eight_words_in_a_row(everything: list[Conversation]) -> None:
    replies = [(i, text.removesuffix(CLOSING_PHRASE).strip()) for i, _, text in list_replies(everything)]
    assert list(find_shared_phrases(replies)) == []


def test_openings_vary(everything: list[Conversation]) -> None:
    texts = [text for _, _, text in list_replies(everything)]
    (_, most), *_ = count_openings(texts).most_common(1)
    assert most <= 0.02 * len(texts)
    (_, most_two), *_ = count_openings(texts, words=2).most_common(1)
    assert most_two <= 5
