"""Token paths that begin alike, merged into one forest: what they share is computed once.

A path is one rendered conversation up to one answer. The forest is the trie of all paths, laid out depth-first:

    path 1: A B C D          index      0 1 2 3 4 5
    path 2: A B C E          id         A B C D E F
    path 3: A B F            position   0 1 2 3 3 2
                             end        6 6 5 4 5 6      one past the last index of the node's subtree

Node i may look at node j exactly if j is i or an ancestor of i: j ≤ i < end[j]. Several trees in one row never see each
other, by the same rule. A token's prediction is read at its parent. docs/training.md works it out by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenPath:
    """All ids of one path, and the indices of those that are learned. Index 0 has no prediction."""

    ids: tuple[int, ...]
    scored: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.ids or any(not 0 < index < len(self.ids) for index in self.scored):
            raise ValueError("a scored token stands after at least one other token of its path")


@dataclass(frozen=True)
class Forest:
    """T nodes, N scored tokens over all paths; a token that two paths share and score counts for both."""

    ids: Tensor  # [T] int64
    positions: Tensor  # [T] int64: depth below the root
    ends: Tensor  # [T] int64: one past the last node of the subtree
    scored_nodes: Tensor  # [N] int64: which node
    scored_parents: Tensor  # [N] int64: where its prediction is read
    scored_paths: Tensor  # [N] int64: for which path

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def readers(self) -> tuple[Tensor, Tensor]:
        """Nodes whose logits are needed, each once: [R] int64; and for each scored token its place among them: [N]."""
        nodes, places = torch.unique(self.scored_parents, return_inverse=True)
        return nodes, places

    def to(self, device: torch.device | str) -> Forest:
        names = ("ids", "positions", "ends", "scored_nodes", "scored_parents", "scored_paths")
        return Forest(**{name: getattr(self, name).to(device) for name in names})


def build_forest(paths: Sequence[TokenPath]) -> Forest:
    """Merge the paths where they begin alike. Order of nodes: depth-first, children in the order of the paths."""
    ids: list[int] = []
    parents: list[int] = []
    children: list[dict[int, int]] = []
    roots: dict[int, int] = {}
    walked: list[list[int]] = []
    for path in paths:
        level, parent, nodes = roots, -1, []
        for token in path.ids:
            node = level.get(token)
            if node is None:
                node = level[token] = len(ids)
                ids.append(token)
                parents.append(parent)
                children.append({})
            nodes.append(node)
            level, parent = children[node], node
        walked.append(nodes)
    order, ends = _walk(roots, children)
    place = [0] * len(ids)
    for index, node in enumerate(order):
        place[node] = index
    positions = [0] * len(ids)
    for index, node in enumerate(order):
        if parents[node] >= 0:
            positions[index] = positions[place[parents[node]]] + 1
    scored = [
        (nodes[i], number) for number, path in enumerate(paths) for nodes in [walked[number]] for i in path.scored
    ]
    return Forest(
        ids=torch.tensor([ids[node] for node in order]),
        positions=torch.tensor(positions),
        ends=torch.tensor(ends),
        scored_nodes=torch.tensor([place[node] for node, _ in scored], dtype=torch.int64),
        scored_parents=torch.tensor([place[parents[node]] for node, _ in scored], dtype=torch.int64),
        scored_paths=torch.tensor([number for _, number in scored], dtype=torch.int64),
    )


def _walk(roots: dict[int, int], children: list[dict[int, int]]) -> tuple[list[int], list[int]]:
    """Depth-first order of the nodes, and for each place in it one past the end of the subtree."""
    order: list[int] = []
    ends: list[int] = []
    stack: list[tuple[int, bool]] = [(root, False) for root in reversed(roots.values())]
    opened: dict[int, int] = {}
    while stack:
        node, is_leaving = stack.pop()
        if is_leaving:
            ends[opened.pop(node)] = len(order)
            continue
        opened[node] = len(order)
        order.append(node)
        ends.append(0)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(children[node].values()))
    return order, ends


def build_mask(forest: Forest, window: int | None = None) -> Tensor:
    """[T, T] bool: row i may attend to column j. A sliding window counts positions, not places in the row."""
    index = torch.arange(len(forest), device=forest.ids.device)
    mask = (index[None, :] <= index[:, None]) & (index[:, None] < forest.ends[None, :])
    if window is not None:
        mask &= forest.positions[:, None] - forest.positions[None, :] < window
    return mask
