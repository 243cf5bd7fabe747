"""Trees into rows: several small trees share a row of at most `row_tokens` nodes; a step is a number of rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from training.finetune.forest import TokenPath


@dataclass(frozen=True)
class Tree:
    """All paths of one conversation. Two paths of one pair are neighbours: 2k the chosen, 2k + 1 the rejected."""

    conversation_id: str
    paths: tuple[TokenPath, ...]
    weights: tuple[float, ...]  # a path, or both paths of a pair
    agreements: tuple[float, ...] = ()  # a pair; empty without pairs
    first: int = 0  # which path of its conversation is its first: above 0 for a later part of a tree that was cut

    @cached_property
    def tokens(self) -> int:
        """Nodes of its forest."""
        return count_nodes(self.paths)

    @property
    def scored_tokens(self) -> int:
        return sum(len(path.scored) for path in self.paths)


def split_tree(tree: Tree, row_tokens: int) -> Iterator[Tree]:
    """The tree itself where it fits into a row, else parts that do; a pair stays together."""
    if tree.tokens <= row_tokens:
        yield tree
        return
    unit = 2 if tree.agreements else 1
    start = 0
    for place in range(unit, len(tree.paths) + 1, unit):
        is_last = place == len(tree.paths)
        if not is_last and count_nodes(tree.paths[start : place + unit]) <= row_tokens:
            continue
        yield Tree(
            tree.conversation_id,
            tree.paths[start:place],
            tree.weights[start:place],
            tree.agreements[start // unit : place // unit] if tree.agreements else (),
            tree.first + start,
        )
        start = place


def count_nodes(paths: Sequence[TokenPath]) -> int:
    """Nodes of the trie of these paths: each adds what it does not share with the one before it in sorted order."""
    ordered = sorted(path.ids for path in paths)
    total = 0
    before: Sequence[int] = ()
    for ids in ordered:
        total += len(ids) - _common_prefix(before, ids)
        before = ids
    return total


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    length = min(len(left), len(right))
    return next((index for index in range(length) if left[index] != right[index]), length)


def list_steps(trees: Sequence[Tree], *, trees_per_step: int, seed: int, epoch: int) -> list[list[Tree]]:
    """The epoch's optimiser steps: the same seed and epoch give the same order, so a resumed run goes on exactly."""
    shuffled = list(trees)
    random.Random(f"{seed}/{epoch}").shuffle(shuffled)  # noqa: S311
    return [shuffled[start : start + trees_per_step] for start in range(0, len(shuffled), trees_per_step)]


def follow_steps(trees: Sequence[Tree], *, trees_per_step: int, seed: int, done: int) -> Iterator[list[Tree]]:
    """The steps after the first `done` ones, epoch after epoch without end; an epoch is shuffled once."""
    steps_an_epoch = math.ceil(len(trees) / trees_per_step)
    first, place = divmod(done, steps_an_epoch)
    for epoch in count(first):
        yield from list_steps(trees, trees_per_step=trees_per_step, seed=seed, epoch=epoch)[place:]
        place = 0


def pack_rows(trees: Sequence[Tree], row_tokens: int) -> Iterator[tuple[Tree, ...]]:
    """First fit, largest first: few rows. What a step learns does not depend on how it is cut into rows."""
    bins: list[list[Tree]] = []
    free: list[int] = []
    for tree in sorted(trees, key=lambda tree: -tree.tokens):
        place = next((index for index, room in enumerate(free) if tree.tokens <= room), None)
        if place is None:
            bins.append([])
            free.append(row_tokens)
            place = len(bins) - 1
        bins[place].append(tree)
        free[place] -= tree.tokens
    yield from map(tuple, bins)


def pack_plain(trees: Sequence[Tree], row_tokens: int) -> Iterator[tuple[Tree, ...]]:
    """Trees whose paths fit together into `row_tokens` when every path is padded to the longest."""
    row: list[Tree] = []
    for tree in sorted(trees, key=lambda tree: -max(len(path.ids) for path in tree.paths)):
        paths = [path for other in (*row, tree) for path in other.paths]
        if row and len(paths) * max(len(path.ids) for path in paths) > row_tokens:
            yield tuple(row)
            row = []
        row.append(tree)
    if row:
        yield tuple(row)
