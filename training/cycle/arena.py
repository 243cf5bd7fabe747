"""The blind arena: who sees which case in which order, a vote, and what all votes say with their interval."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from chat.models import User
from training.gate.wilson import compute_wilson
from training.models import ArenaCase, ArenaChoice, ArenaVote, Evaluation

CONFIDENCE: Final = 0.95
FEWEST_DECIDED: Final = 12
"""Cases that have to be decided before they say anything: as many as a judge has to score. With fewer, one case more or
less would turn the answer, and four that fell to one side by chance would stop an adapter."""


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
    """Cases, by what most of their voters chose; where two choices are level, a tie.

    `low`, `high`: Wilson's interval of the candidate's share of the decided cases, 95 %.
    """

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
    def missing(self) -> int:
        return max(0, FEWEST_DECIDED - self.decided)

    @property
    def is_candidate_worse(self) -> bool:
        return not self.missing and self.high < 0.5


def list_cases(evaluation: Evaluation, voter: User) -> QuerySet[ArenaCase]:
    """Those this person can judge, and those they have judged.

    A case without turns was emptied, because somebody took the words back; its votes still count.
    """
    voted = ArenaVote.objects.filter(voter=voter).values("case_id")
    return evaluation.cases.filter(~Q(turns=[]) | Q(pk__in=voted))


def find_next_case(evaluation: Evaluation, voter: User) -> Shown | None:
    """The first case that this person has not voted on, the sides shuffled; None when all are done."""
    voted = ArenaVote.objects.filter(case__evaluation=evaluation, voter=voter)
    cases = list_cases(evaluation, voter)
    case = cases.exclude(pk__in=voted.values("case_id")).order_by("number").first()
    if case is None:
        return None
    answers = (case.candidate_reply, case.live_reply)
    left, right = answers if is_candidate_left(case.pk, voter.pk) else answers[::-1]
    return Shown(case, left, right, voted.count() + 1, cases.count())


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


def find_majority(votes: Counter[str]) -> str:
    """People's votes on one case are one word about it: they saw the same two answers."""
    first, *others = votes.most_common(2)
    return ArenaChoice.TIE if others and others[0][1] == first[1] else first[0]


def count_votes(evaluation: Evaluation) -> ArenaCount:
    votes: dict[UUID, Counter[str]] = defaultdict(Counter)
    for case_id, choice in ArenaVote.objects.filter(case__evaluation=evaluation).values_list("case_id", "choice"):
        votes[case_id][choice] += 1
    numbers = Counter(map(find_majority, votes.values()))
    low, high = compute_wilson(numbers["candidate"], numbers["candidate"] + numbers["live"], CONFIDENCE)
    return ArenaCount(numbers["candidate"], numbers["live"], numbers["tie"], numbers["both_bad"], low, high)
