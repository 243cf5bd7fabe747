"""The blind arena: who sees which case in which order, a vote, and what all votes say with their interval."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from chat.models import User
from training.gate.wilson import compute_wilson
from training.models import ArenaCase, ArenaChoice, ArenaVote, Evaluation

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as one voter sees it: two answers, and nothing that says whose they are."""

    case: ArenaCase
    left: str
    right: str
    number: int
    in_all: int


@dataclass(frozen=True, slots=True)
class ArenaCount:
    """`low`, `high`: Wilson's interval of the candidate's share of the decided votes, 95 %."""

    candidate: int
    live: int
    tie: int
    both_bad: int
    low: float
    high: float

    @property
    def decided(self) -> int:
        return self.candidate + self.live

    @property
    def is_candidate_worse(self) -> bool:
        return self.decided > 0 and self.high < 0.5


def find_next_case(evaluation: Evaluation, voter: User) -> Shown | None:
    """The first case that this person has not voted on, the sides shuffled; None when all are done."""
    voted = ArenaVote.objects.filter(case__evaluation=evaluation, voter=voter)
    # A case without turns was emptied, because somebody took the words back; its votes still count.
    cases = evaluation.cases.exclude(turns=[])
    case = cases.exclude(pk__in=voted.values("case_id")).order_by("number").first()
    if case is None:
        return None
    answers = (case.candidate_reply, case.live_reply)
    left, right = answers if is_candidate_left(case.pk, voter.pk) else answers[::-1]
    return Shown(case, left, right, voted.count() + 1, evaluation.cases.count())


def is_candidate_left(case_id: UUID, voter_id: UUID) -> bool:
    """A coin that falls the same way whenever this person opens this case."""
    return hashlib.sha256(f"{case_id}:{voter_id}".encode()).digest()[0] % 2 == 0


@transaction.atomic
def cast_vote(case: ArenaCase, voter: User, seen: str) -> ArenaVote:
    """`seen`: left, right, tie or both_bad, as the page showed it. A second vote replaces the first; KeyError."""
    is_left = is_candidate_left(case.pk, voter.pk)
    choice = {
        "left": ArenaChoice.CANDIDATE if is_left else ArenaChoice.LIVE,
        "right": ArenaChoice.LIVE if is_left else ArenaChoice.CANDIDATE,
        "tie": ArenaChoice.TIE,
        "both_bad": ArenaChoice.BOTH_BAD,
    }[seen]
    vote, _ = ArenaVote.objects.update_or_create(
        case=case, voter=voter, defaults={"choice": choice, "is_candidate_left": is_left}
    )
    return vote


def count_votes(evaluation: Evaluation) -> ArenaCount:
    choices = list(ArenaVote.objects.filter(case__evaluation=evaluation).values_list("choice", flat=True))
    numbers = {choice: choices.count(choice) for choice in ArenaChoice.values}
    low, high = compute_wilson(numbers["candidate"], numbers["candidate"] + numbers["live"], CONFIDENCE)
    return ArenaCount(numbers["candidate"], numbers["live"], numbers["tie"], numbers["both_bad"], low, high)
