"""Which process dies when, and how: fixed by the seed, so that a run can be played again."""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from tests.stack_process import Program

VICTIMS: tuple[Program, ...] = ("worker", "web", "valkey", "postgres")
LONG_FORM: dict[Program, int] = {"worker": 100, "web": 20, "valkey": 20, "postgres": 20}


@dataclass(frozen=True)
class Kill:
    number: int
    victim: Program
    signal: signal.Signals
    after_seconds: float  # from the moment at which the round before was over


def plan_kills(seed: int, counts: dict[Program, int], reply_seconds: float) -> list[Kill]:
    """The given number of kills of each victim in random order, each at a random moment of a reply's life.

    Every other kill of PostgreSQL is its immediate stop, which its children hear too.
    """
    chance = random.Random(seed)
    victims = [victim for victim, count in counts.items() for _ in range(count)]
    chance.shuffle(victims)
    seen = dict.fromkeys(counts, 0)
    kills = []
    for number, victim in enumerate(victims, start=1):
        seen[victim] += 1
        is_immediate_stop = victim == "postgres" and seen[victim] % 2 == 0
        how = signal.SIGQUIT if is_immediate_stop else signal.SIGKILL
        kills.append(Kill(number, victim, how, round(chance.uniform(0.0, reply_seconds), 3)))
    return kills


def spread_rounds(rounds: int, victims: Sequence[Program]) -> dict[Program, int]:
    """`rounds` kills dealt out in turn: 7 over three victims are 3, 2, 2."""
    return {victim: len(range(place, rounds, len(victims))) for place, victim in enumerate(victims)}
