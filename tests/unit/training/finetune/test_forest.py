"""The trie of token paths, its layout and its mask."""

from __future__ import annotations

import random

import pytest
import torch

from tests.unit.training.finetune.tiny import build_rated_paths
from training.finetune.batches import count_nodes
from training.finetune.forest import TokenPath, build_forest, build_mask


def test_the_example_of_the_docstring_is_laid_out_as_it_says() -> None:
    forest = build_forest([TokenPath((1, 2, 3, 4), (3,)), TokenPath((1, 2, 3, 5), (3,)), TokenPath((1, 2, 6), (2,))])
    assert forest.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert forest.positions.tolist() == [0, 1, 2, 3, 3, 2]
    assert forest.ends.tolist() == [6, 6, 5, 4, 5, 6]
    assert forest.scored_nodes.tolist() == [3, 4, 5]
    assert forest.scored_parents.tolist() == [2, 2, 1]
    assert forest.scored_paths.tolist() == [0, 1, 2]


def test_a_node_sees_itself_and_its_ancestors_and_nothing_else() -> None:
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)
    paths = build_rated_paths(seed)
    forest = build_forest(paths)
    mask = build_mask(forest)
    ids = forest.ids.tolist()
    seen = {tuple(ids[column] for column in range(len(ids)) if mask[row, column]) for row in range(len(ids))}
    assert seen == {path.ids[:length] for path in paths for length in range(1, len(path.ids) + 1)}


def test_a_window_counts_positions_not_places_in_the_row() -> None:
    forest = build_forest([TokenPath((1, 2, 3, 4, 5), (4,)), TokenPath((1, 9, 8), (2,))])
    mask = build_mask(forest, window=2)
    assert forest.ids.tolist() == [1, 2, 3, 4, 5, 9, 8]
    assert mask[5].tolist() == [True, False, False, False, False, True, False]
    assert mask[6].tolist() == [False, False, False, False, False, True, True]


def test_a_token_that_two_paths_share_and_score_counts_for_both() -> None:
    forest = build_forest([TokenPath((1, 2, 3), (1, 2)), TokenPath((1, 2, 4), (1, 2))])
    assert list(zip(forest.scored_paths.tolist(), forest.scored_nodes.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 3),
    ]
    nodes, places = forest.readers
    assert nodes.tolist() == [0, 1]
    assert torch.equal(nodes[places], forest.scored_parents)


def test_nodes_are_counted_without_building_the_forest() -> None:
    paths = build_rated_paths(7)
    assert count_nodes(paths) == len(build_forest(paths)) < sum(len(path.ids) for path in paths) / 3


@pytest.mark.parametrize(("ids", "scored"), [((), ()), ((1, 2), (0,)), ((1, 2), (2,))])
def test_a_path_without_a_token_before_the_scored_one_is_refused(ids: tuple[int, ...], scored: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one other token"):
        TokenPath(ids, scored)
