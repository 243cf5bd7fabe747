"""How long the lm's own replies are while it learns: preferences can make them grow before a loss shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from training.finetune.batches import Tree

PROMPTS = 4
LONGEST = 64


@torch.no_grad()
def measure_reply_tokens(lm: Any, trees: Sequence[Tree], device: str) -> float:
    """Mean tokens of greedy replies to the last prompt of the first trees, `LONGEST` at most.

    A reply ends at the token which ends the answers that are learned.
    """
    lengths: list[int] = []
    for tree in trees[:PROMPTS]:
        path = tree.paths[-1]
        prompt = torch.tensor([path.ids[: path.scored[0]]], device=device)
        answer = lm.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=LONGEST,
            do_sample=False,
            use_cache=True,
            eos_token_id=path.ids[-1],
            pad_token_id=path.ids[-1],
        )
        lengths.append(answer.shape[1] - prompt.shape[1])
    return sum(lengths) / len(lengths)
