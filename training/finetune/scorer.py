"""One pass over a row of trees, as a forest or, where the architecture cannot take one, path by path."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.finetune.batches import Tree, pack_plain, pack_rows, split_tree
from training.finetune.forest import build_forest
from training.finetune.probes import can_take_forests, can_use_head
from training.finetune.scoring import score_forest, score_padded, sum_by_path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scores:
    """N scored tokens over the row's paths, which are numbered through all of its trees."""

    token_logps: Tensor  # [N] float32
    paths: Tensor  # [N] int64
    number_of_paths: int

    def sum_by_path(self) -> Tensor:
        """[number of paths]."""
        return sum_by_path(self.token_logps, self.paths, self.number_of_paths)


@dataclass
class Scorer:
    lm: Any
    device: str
    use_trees: bool
    use_head: bool
    row_tokens: int

    def list_rows(self, trees: Sequence[Tree]) -> Iterator[tuple[Tree, ...]]:
        """What is learned together cut into what is computed together: parts of trees that fit into a row."""
        if self.use_trees:
            return pack_rows([part for tree in trees for part in split_tree(tree, self.row_tokens)], self.row_tokens)
        # Path by path nothing is shared: each pair goes where there is room for it.
        return pack_plain([part for tree in trees for part in split_tree(tree, 1)], self.row_tokens)

    def score(self, row: Sequence[Tree]) -> Scores:
        paths = [path for tree in row for path in tree.paths]
        if self.use_trees:
            forest = build_forest(paths).to(self.device)
            token_logps = score_forest(self.lm, forest, use_head=self.use_head)
            return Scores(token_logps, forest.scored_paths, len(paths))
        by_path = score_padded(self.lm, paths, self.device, use_head=self.use_head)
        numbers = [torch.full((len(scores),), number, device=self.device) for number, scores in enumerate(by_path)]
        return Scores(torch.cat(by_path), torch.cat(numbers), len(paths))


def build_scorer(lm: Any, device: str, *, use_trees: bool, row_tokens: int) -> Scorer:
    """As the architecture allows, which is found by trying; where it cannot take a tree, the log says so."""
    if use_trees and not can_take_forests(lm, device):
        kind = type(lm.get_base_model() if hasattr(lm, "get_base_model") else lm).__name__
        logger.warning("%s cannot take a tree's mask: computing padded pairs, slower", kind)
        use_trees = False
    return Scorer(lm, device, use_trees, can_use_head(lm, device), row_tokens)
