"""How likely held-out answers are, and which answer of a pair is likelier: one pass over trees, no sampling.

One base is loaded; each adapter that lies over it is switched on for its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from training.evaluation.scores import HeldoutScores, Likelihood, SideScores, summarise
from training.finetune.batches import Tree
from training.finetune.config import Method, RunConfig
from training.finetune.inputs import build_heldout, build_template, build_trees
from training.finetune.lm import load_base, load_tokenizer
from training.finetune.records import Conversation
from training.finetune.scorer import Scorer, build_scorer
from training.finetune.tokens import AnswerTokenizer, build_sft_tree

BASE = "base"
Report = Callable[[int, int], None]
"""Is told passes done and in all."""


def measure_likelihood(config: RunConfig, adapter: Path | None, heldout: Path, report: Report) -> dict[str, Likelihood]:
    """Of the `base`, and of the `adapter` if there is one. Raises WeightsError, RecordError."""
    sides = load_sides(config, {"adapter": adapter} if adapter is not None else {})
    scores = score_heldout(sides, heldout, report)
    return {side: summarise(scores, side) for side in scores.sides}


@dataclass
class Sides:
    """A loaded base with its adapters by name. Not for several threads: one side is on at a time."""

    config: RunConfig
    lm: Any
    tokenizer: Any
    scorer: Scorer
    adapters: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (BASE, *self.adapters)

    @contextmanager
    def speak_as(self, side: str) -> Iterator[None]:
        if side != BASE:
            self.lm.set_adapter(side)
            yield
        elif self.adapters:
            with self.lm.disable_adapter():
                yield
        else:
            yield


def load_sides(config: RunConfig, adapters: Mapping[str, Path]) -> Sides:
    """Raises WeightsError."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = load_tokenizer(config.base)
    lm = load_base(config, device)
    for number, (name, folder) in enumerate(adapters.items()):
        if number:
            lm.load_adapter(str(folder), adapter_name=name)
        else:
            from peft import PeftModel

            lm = PeftModel.from_pretrained(lm, str(folder), adapter_name=name)
    lm.eval()
    scorer = build_scorer(lm, device, use_trees=True, row_tokens=config.row_tokens)
    return Sides(config, lm, tokenizer, scorer, tuple(adapters))


def score_heldout(sides: Sides, heldout: Path, report: Report) -> HeldoutScores:
    """Every answer of the file and every pair in it, by every side. Raises RecordError."""
    template = build_template(sides.config, sides.tokenizer)
    imitated = build_trees(_as_method(sides.config, "sft"), sides.tokenizer, template, heldout)
    compared = build_heldout(_as_method(sides.config, "dpo"), sides.tokenizer, template, heldout)
    rows = [list(sides.scorer.list_rows(list(trees))) for trees in (imitated, compared)]
    in_all = len(sides.names) * sum(map(len, rows))
    done = 0

    def count_up() -> None:
        nonlocal done
        done += 1
        report(done, in_all)

    return _order(rows, {side: [_score_rows(sides, side, part, count_up) for part in rows] for side in sides.names})


def score_last_answers(
    sides: Sides, side: str, conversations: Sequence[Conversation], report: Report
) -> dict[str, float]:
    """By conversation id, which nobody else bears: mean log p of a token of the last answer. Raises RecordError."""
    template = build_template(sides.config, sides.tokenizer)
    encoder = AnswerTokenizer(sides.tokenizer, sides.config.max_tokens)
    trees = [build_sft_tree(encoder, template, conversation, last_only=True) for conversation in conversations]
    rows = list(sides.scorer.list_rows(trees))
    done = 0

    def count_up() -> None:
        nonlocal done
        done += 1
        report(done, len(rows))

    sums = _score_rows(sides, side, rows, count_up)
    trees = [tree for row in rows for tree in row]
    return {tree.conversation_id: value / tree.scored_tokens for tree, value in zip(trees, sums, strict=True)}


def _score_rows(sides: Sides, side: str, rows: list[tuple[Tree, ...]], count_up: Callable[[], None]) -> list[float]:
    """Σ log p of each path, in the order of the rows."""
    sums: list[float] = []
    with sides.speak_as(side), torch.no_grad():
        for row in rows:
            sums += sides.scorer.score(row).sum_by_path().cpu().tolist()
            count_up()
    return sums


def _as_method(config: RunConfig, method: Method) -> RunConfig:
    return replace(config, method=method, last_answer_only=False)


def _order(rows: list[list[tuple[Tree, ...]]], sums: dict[str, list[list[float]]]) -> HeldoutScores:
    """`sums`: of each side [imitated, compared], in the order of the rows; of a pair the better answer first."""
    imitated, compared = ([tree for row in part for tree in row] for part in rows)
    lengths = [len(path.scored) for tree in compared for path in tree.paths]
    return HeldoutScores(
        talks=tuple(tree.conversation_id for tree in imitated for _ in tree.paths),
        answer_tokens=tuple(len(path.scored) for tree in imitated for path in tree.paths),
        pair_talks=tuple(tree.conversation_id for tree in compared for _ in tree.agreements),
        chosen_tokens=tuple(lengths[::2]),
        rejected_tokens=tuple(lengths[1::2]),
        sides={
            side: SideScores(tuple(answers), tuple(pairs[::2]), tuple(pairs[1::2]))
            for side, (answers, pairs) in sums.items()
        },
    )
