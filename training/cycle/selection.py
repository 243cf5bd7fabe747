"""Which pairs go into a snapshot, and on which side. Pure and deterministic: an order, caps, a split by digest.

Nobody chooses: pairs are taken in the order of their keys, which are digests; a room is held out by the digest of its
id, so it stays on its side in every later snapshot.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

MOST_OF_ONE_USER: Final = 5
LARGEST_SHARE_OF_ONE_USER: Final = 0.01
HELD_OUT_ONE_IN: Final = 10

_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    key: str
    user_id: str
    counsel_id: str
    chosen: str
    rejected: str


@dataclass
class Selection:
    keys: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)  # user_cap, repeated


def select_pairs(candidates: Iterable[Candidate]) -> Selection:
    """At most 5 of one user, or 1 % of all that are taken where that is more; what was said before once."""
    selection = Selection()
    seen: set[bytes] = set()
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: one.key):
        said = _digest_words(candidate)
        if said in seen:
            selection.left_out["repeated"] += 1
            continue
        seen.add(said)
        kept.append(candidate)
    cap = find_user_cap(Counter(candidate.user_id for candidate in kept).values())
    taken: Counter[str] = Counter()
    for candidate in kept:
        if taken[candidate.user_id] == cap:
            selection.left_out["user_cap"] += 1
            continue
        taken[candidate.user_id] += 1
        selection.keys.append(candidate.key)
    return selection


def find_user_cap(pairs_of_users: Iterable[int]) -> int:
    """The largest cap that is at most 5, or at most 1 % of what remains under it."""
    numbers = list(pairs_of_users)
    cap = MOST_OF_ONE_USER
    while any(number > cap for number in numbers):
        total = sum(min(number, cap + 1) for number in numbers)
        if cap + 1 > LARGEST_SHARE_OF_ONE_USER * total:
            break
        cap += 1
    return cap


def _digest_words(candidate: Candidate) -> bytes:
    """Alike but for spaces, marks and capitals counts as said before: a burst of copies teaches its own words."""
    words = "\0".join(_NOT_A_WORD.sub("", text).casefold() for text in (candidate.chosen, candidate.rejected))
    return hashlib.blake2b(words.encode(errors="surrogatepass"), digest_size=16).digest()


def split_rooms(counsel_ids: Iterable[str]) -> frozenset[str]:
    """Those that are held out: one in ten by digest, and always at least one where there are two."""
    places = {counsel_id: int(hashlib.sha256(counsel_id.encode()).hexdigest(), 16) for counsel_id in set(counsel_ids)}
    heldout = frozenset(counsel_id for counsel_id, place in places.items() if place % HELD_OUT_ONE_IN == 0)
    if heldout or len(places) < 2:
        return heldout if len(heldout) < len(places) else frozenset()
    return frozenset({min(places, key=lambda counsel_id: places[counsel_id])})


def count_shares(owners: Sequence[str]) -> dict[str, float]:
    """Share of each owner, largest first."""
    return {owner: round(number / len(owners), 4) for owner, number in Counter(owners).most_common()}
