"""Particles follow the placeholder's noun, whatever the original ended in."""

from __future__ import annotations

import pytest

from chat.pseudonyms.particles import adapt_particle, ends_in_consonant


@pytest.mark.parametrize(
    ("noun", "old", "new"),
    [
        ("이름", "가 왔다", "이"),
        ("이름", "는", "은"),
        ("이름", "를", "을"),
        ("이름", "랑", "이랑"),
        ("이름", "예요", "이에요"),
        ("이름", "라고 해요", "이라고"),
        ("이름", "야", "이야"),
        ("이름", "야 나 힘들어", "아"),
        ("학교", "은", "는"),
        ("학교", "으로", "로"),
        ("메일", "으로", "로"),
        ("계정", "로", "으로"),
        ("이름", "한테", ""),
        ("이름", "가방", ""),
    ],
)
def test_a_particle_agrees_with_the_noun(noun: str, old: str, new: str) -> None:
    assert adapt_particle(noun, old, 0)[0] == new


def test_final_consonants_are_heard() -> None:
    assert ends_in_consonant("이름")
    assert not ends_in_consonant("전화")
    assert not ends_in_consonant("A")
