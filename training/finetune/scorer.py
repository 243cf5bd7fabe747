"""One pass over a row of trees, as a forest or, where the architecture cannot take one, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.finetune.batches import Tree, pack_plain, pack_rows, split_tree
from training.finetune.forest import build_forest
from training.finetune.scoring import score_forest, score_padded, sum_by_path


@dataclass(frozen=True)
class Scores:
    """N scored tokens over the row's paths, which are numbered through all of its trees."""

    token_logps: Tensor  # [N] float32
    paths: Tensor  # [N] int64
    number_of_paths: int

    def sum_by_path(self) -> Tensor:
        """[number of paths]."""
        return sum_by_path(self.token_logps, self.paths, self.number_of_paths)


class Scorer:
    def __init__(self, lm: Any, device: str, *, use_trees: bool, use_head: bool, row_tokens: int) -> None:
        self.lm = lm
        self._device = device
        self._use_trees = use_trees
        self._use_head = use_head
        self._row_tokens = row_tokens

    def list_rows(self, trees: Sequence[Tree]) -> Iterator[tuple[Tree, ...]]:
        if self._use_trees:
            return pack_rows(trees, self._row_tokens)
        # Path by path nothing is shared: each pair goes where there is room for it.
        return pack_plain([part for tree in trees for part in split_tree(tree, 1)], self._row_tokens)

    def score(self, row: Sequence[Tree]) -> Scores:
        paths = [path for tree in row for path in tree.paths]
        if self._use_trees:
            forest = build_forest(paths).to(self._device)
            return Scores(score_forest(self.lm, forest, use_head=self._use_head), forest.scored_paths, len(paths))
        by_path = score_padded(self.lm, paths, self._device, use_head=self._use_head)
        numbers = [torch.full((len(scores),), number, device=self._device) for number, scores in enumerate(by_path)]
        return Scores(torch.cat(by_path), torch.cat(numbers), len(paths))
