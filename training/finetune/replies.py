"""How long the lm's own replies are while it learns: preferences can make them grow before a loss shows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch

from training.finetune.batches import Tree

PROMPTS = 4
LONGEST = 64


@torch.no_grad()
def measure_reply_tokens(lm: Any, trees: Sequence[Tree], device: str, special: Collection[int]) -> float:
    """Mean tokens of greedy replies to the last prompt of the first trees, `LONGEST` at most.

    A reply ends at the first of the tokenizer's `special` ids in the answer that is learned, else at its last token.
    """
    lengths: list[int] = []
    for tree in trees[:PROMPTS]:
        path = tree.paths[-1]
        end = next((path.ids[place] for place in path.scored if path.ids[place] in special), path.ids[-1])
        prompt = torch.tensor([path.ids[: path.scored[0]]], device=device)
        answer = lm.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=LONGEST,
            do_sample=False,
            use_cache=True,
            eos_token_id=end,
            pad_token_id=end,
        )
        lengths.append(answer.shape[1] - prompt.shape[1])
    return sum(lengths) / len(lengths)
