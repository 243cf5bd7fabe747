"""The seeded characters: complete, distinct, with files that exist and personas that say what they are."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from chat.prompting import PROMPTS_FOLDER, Turn, load_persona, render_prompt

ROOT = Path(__file__).parents[3]
CHARACTERS: list[dict[str, Any]] = tomllib.loads((ROOT / "chat/seeds/characters.toml").read_text())["character"]
each_character = pytest.mark.parametrize("character", CHARACTERS, ids=[c["key"] for c in CHARACTERS])


def test_four_characters_in_a_fixed_order() -> None:
    assert [c["key"] for c in CHARACTERS] == ["mary", "mentos", "expert", "futfut"]
    assert [c["order"] for c in CHARACTERS] == [1, 2, 3, 4]


def test_no_greeting_is_used_twice() -> None:
    greetings = [greeting for c in CHARACTERS for greeting in c["greetings"]]
    assert len(set(greetings)) == len(greetings)


@each_character
def test_character_has_seven_greetings_in_korean(character: dict[str, Any]) -> None:
    assert len(character["greetings"]) >= 7
    assert all(re.search("[가-힣]", greeting) for greeting in character["greetings"])
    assert not any(re.search("[A-Za-z]", greeting) for greeting in character["greetings"])


@each_character
def test_introductions_name_an_ai_in_both_languages(character: dict[str, Any]) -> None:
    assert re.search("[가-힣]", character["introduction"])
    assert not re.search("[가-힣]", character["introduction_en"] + character["character_name_en"])
    assert "AI" in character["introduction"]
    assert "AI" in character["introduction_en"]


@each_character
def test_portrait_is_an_svg_of_256_units_without_script(character: dict[str, Any]) -> None:
    svg = ET.parse(ROOT / "static" / character["portrait"]).getroot()
    assert svg.get("viewBox") == "0 0 256 256"
    assert not [node.tag for node in svg.iter() if node.tag.endswith(("script", "image", "foreignObject"))]


@each_character
def test_persona_says_first_that_it_is_an_ai(character: dict[str, Any]) -> None:
    persona = load_persona(PROMPTS_FOLDER / character["persona_file"])
    assert persona.name == character["character_name"]
    assert "인공지능(AI)" in persona.text.splitlines()[0]
    assert any("인공지능" in turn.text for turn in persona.examples)


@pytest.mark.parametrize("key", ["mary", "mentos", "expert"])
def test_grammar_lets_no_word_open_a_claim_about_oneself_or_death(key: str) -> None:
    grammar = load_persona(PROMPTS_FOLDER / f"{key}.md").grammar or ""
    rules = dict(re.findall(r"^(opening|syllable) ::= (\[.+\])$", grammar, re.MULTILINE))
    assert re.fullmatch(rules["opening"], "마")
    assert not [first for first in "저제나우의상자죽" if re.fullmatch(rules["opening"], first)]
    assert not re.fullmatch(rules["syllable"], "죽")


@each_character
def test_examples_alternate_and_end_with_the_character(character: dict[str, Any]) -> None:
    roles = [turn.role for turn in load_persona(PROMPTS_FOLDER / character["persona_file"]).examples]
    assert roles == ["user", "bot"] * (len(roles) // 2)


@each_character
def test_stop_strings_name_both_roles(character: dict[str, Any]) -> None:
    label = load_persona(PROMPTS_FOLDER / character["persona_file"]).label
    assert {"사용자:", f"{label}:"} <= set(character["stop_strings"])


@each_character
def test_closing_phrase_ends_every_example_and_greeting_once(character: dict[str, Any]) -> None:
    persona = load_persona(PROMPTS_FOLDER / character["persona_file"])
    phrase = character["closing_phrase"]
    assert persona.closing_phrase == phrase
    said = [turn.text for turn in persona.examples if turn.role == "bot"] + character["greetings"]
    assert all(text.endswith(phrase) and (not phrase or text.count(phrase) == 1) for text in said)


@each_character
def test_persona_leaves_room_for_a_talk(character: dict[str, Any]) -> None:
    persona = load_persona(PROMPTS_FOLDER / character["persona_file"])
    prompt = render_prompt(persona, [Turn("user", "안녕")], budget_tokens=10_000, count_tokens=len)
    assert prompt.tokens < 1400  # about 700 tokens: Gemma reads two Korean characters a token


def test_futfut_closes_with_its_phrase() -> None:
    assert CHARACTERS[3]["closing_phrase"] == "언제든지 물어보세요! 풋풋~!"
