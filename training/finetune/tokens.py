"""Rendered texts → token paths, and the trees that are trained on."""

from __future__ import annotations

from typing import Any

from training.finetune.batches import Tree
from training.finetune.forest import TokenPath
from training.finetune.records import Conversation, RecordError
from training.finetune.templates import Rendered, Template, list_answers


def tokenize_answer(tokenizer: Any, rendered: Rendered, where: str, longest: int) -> TokenPath:
    """Tokenised whole, as a plain trainer does, and cut by offsets: a token that begins in the answer is scored.

    Raises RecordError: too_long, no_answer_tokens.
    """
    encoded = tokenizer(rendered.text, return_offsets_mapping=True, add_special_tokens=False)
    ids, border = list(encoded["input_ids"]), len(rendered.prompt)
    scored = [index for index, (start, end) in enumerate(encoded["offset_mapping"]) if start >= border and end > start]
    begin = tokenizer.bos_token_id
    if begin is not None and ids[:1] != [begin]:
        ids, scored = [begin, *ids], [index + 1 for index in scored]
    if len(ids) > longest:
        raise RecordError("too_long", where, f"{len(ids)} tokens, {longest} allowed (max_tokens)")
    if not scored or scored[0] == 0:
        raise RecordError("no_answer_tokens", where, "the answer has no token of its own")
    return TokenPath(tuple(ids), tuple(scored))


def build_sft_tree(
    tokenizer: Any, template: Template, conversation: Conversation, *, longest: int, last_only: bool
) -> Tree:
    """One path for each answer of the bot: what one answer's prompt shares with the next one's is one trunk."""
    paths = [
        tokenize_answer(
            tokenizer, template.render(conversation, index, conversation.turns[index].text), conversation.id, longest
        )
        for index in list_answers(conversation.turns, last_only=last_only)
    ]
    return Tree(conversation.id, tuple(paths), tuple(1.0 for _ in paths))


def build_dpo_tree(tokenizer: Any, template: Template, conversation: Conversation, *, longest: int) -> Tree | None:
    """Two paths for each pair; None for a conversation without pairs."""
    paths: list[TokenPath] = []
    weights: list[float] = []
    agreements: list[float] = []
    for index in list_answers(conversation.turns, last_only=False):
        for pair in conversation.turns[index].pairs:
            for answer in (pair.chosen, pair.rejected):
                rendered = template.render(conversation, index, answer)
                paths.append(tokenize_answer(tokenizer, rendered, conversation.id, longest))
                weights.append(pair.weight)
            agreements.append(pair.agreement)
    return Tree(conversation.id, tuple(paths), tuple(weights), tuple(agreements)) if paths else None
