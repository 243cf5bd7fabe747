"""Which pairs go into a snapshot, and on which side. Pure and deterministic: an order, caps, a split by digest.

Nobody chooses: pairs are taken in the order of their keys, which are digests; a room is held out by the digest of its
id, and where it has been in a snapshot, it stays on the side that it had there.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

MOST_OF_ONE_USER: Final = 5
LARGEST_SHARE_OF_ONE_USER: Final = 0.01
LARGEST_SHARE_OF_ONE_ANNOTATOR: Final = 0.2
ENOUGH_ANNOTATORS: Final = 5
"""With fewer, no share of a fifth each is possible: a centre with two counsellors could train nothing."""
HELD_OUT_ONE_IN: Final = 10

_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    key: str
    user_id: str
    counsel_id: str
    annotator_ids: frozenset[str]  # whose acts made it; those whose accounts are gone count as one
    chosen: str
    rejected: str

    @property
    def sole_annotator_id(self) -> str | None:
        """Whose word alone it stands on; None where several say the same."""
        return next(iter(self.annotator_ids)) if len(self.annotator_ids) == 1 else None


@dataclass
class Selection:
    keys: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)  # user_cap, annotator_cap, repeated


def select_pairs(candidates: Iterable[Candidate]) -> Selection:
    """What was said before once; at most 5 of one user, or 1 % of all that are taken where that is more; and on one
    annotator's word alone at most a fifth of what there is, once there are five annotators.
    """
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
    # What annotators' cap leaves out makes the users' shares larger.
    kept = _cap_annotators(_cap_users(kept, selection.left_out), selection.left_out)
    kept = _cap_users(kept, selection.left_out)
    selection.keys = [candidate.key for candidate in kept]
    return selection


def _cap_users(kept: list[Candidate], left_out: Counter[str]) -> list[Candidate]:
    owners = [candidate.user_id for candidate in kept]
    cap = find_cap(Counter(owners).values(), LARGEST_SHARE_OF_ONE_USER, least=MOST_OF_ONE_USER)
    return _cap(kept, owners, cap, "user_cap", left_out)


def _cap_annotators(kept: list[Candidate], left_out: Counter[str]) -> list[Candidate]:
    if len({annotator for candidate in kept for annotator in candidate.annotator_ids}) < ENOUGH_ANNOTATORS:
        return kept
    owners = [candidate.sole_annotator_id for candidate in kept]
    # Of what there is, not of what remains: else a fifth annotator's first pair would shrink a snapshot to five.
    cap = max(1, int(LARGEST_SHARE_OF_ONE_ANNOTATOR * len(kept)))
    return _cap(kept, owners, cap, "annotator_cap", left_out)


def find_cap(numbers: Iterable[int], largest_share: float, *, least: int) -> int:
    """The largest cap that is at most `least`, or at most its share of what remains under it.

    `numbers`: of each owner's pairs.
    """
    numbers = list(numbers)
    cap = least
    while any(number > cap for number in numbers):
        total = sum(min(number, cap + 1) for number in numbers)
        if cap + 1 > largest_share * total:
            break
        cap += 1
    return cap


def _cap(
    kept: list[Candidate], owners: Sequence[str | None], cap: int, why: str, left_out: Counter[str]
) -> list[Candidate]:
    """The first `cap` of each owner; all that have none."""
    taken: Counter[str] = Counter()
    chosen = []
    for candidate, owner in zip(kept, owners, strict=True):
        if owner is not None:
            if taken[owner] == cap:
                left_out[why] += 1
                continue
            taken[owner] += 1
        chosen.append(candidate)
    return chosen


def _digest_words(candidate: Candidate) -> bytes:
    """Alike but for spaces, marks and capitals counts as said before: a burst of copies teaches its own words."""
    words = "\0".join(_NOT_A_WORD.sub("", text).casefold() for text in (candidate.chosen, candidate.rejected))
    return hashlib.blake2b(words.encode(errors="surrogatepass"), digest_size=16).digest()


def split_rooms(counsel_ids: Iterable[str], former: Mapping[str, bool] = MappingProxyType({})) -> frozenset[str]:
    """Those that are held out: one in ten by digest, and where that leaves a side empty, new ones are moved to it.

    `former`: rooms of earlier snapshots, True: held out there. What was learned from is nothing to measure by, and the
    reverse, so they stay where they were even where that leaves a side empty.
    """
    places = {counsel_id: int(hashlib.sha256(counsel_id.encode()).hexdigest(), 16) for counsel_id in set(counsel_ids)}
    new = sorted(places.keys() - former.keys(), key=lambda counsel_id: places[counsel_id])
    heldout = {room for room, place in places.items() if former.get(room, place % HELD_OUT_ONE_IN == 0)}
    if len(heldout) == len(places):
        heldout -= set(new)
    if not heldout and new and len(places) > 1:
        heldout = {new[0]}
    return frozenset(heldout)


def count_shares(owners: Sequence[str]) -> dict[str, float]:
    """Share of each owner, largest first."""
    return {owner: round(number / len(owners), 4) for owner, number in Counter(owners).most_common()}
