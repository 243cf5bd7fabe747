"""Rendered texts → token paths, and the trees that are trained on."""

from __future__ import annotations

from typing import Any

from training.finetune.batches import Tree
from training.finetune.forest import TokenPath
from training.finetune.records import Conversation, RecordError
from training.finetune.templates import Rendered, Template, list_answers


class AnswerTokenizer:
    """Whole texts → ids, with the beginning-of-text token exactly where the lm's own tokenizer puts one."""

    def __init__(self, tokenizer: Any, longest: int) -> None:
        self._tokenizer = tokenizer
        self._longest = longest
        begin = tokenizer.bos_token_id
        self._begin = [begin] if begin is not None and tokenizer("a")["input_ids"][:1] == [begin] else []

    def encode(self, rendered: Rendered, where: str) -> TokenPath:
        """Tokenised whole, as a plain trainer does, and cut by offsets: a token that begins in the answer is scored.

        Raises RecordError: too_long, no_answer_tokens.
        """
        encoded = self._tokenizer(rendered.text, return_offsets_mapping=True, add_special_tokens=False)
        ids, border = list(encoded["input_ids"]), len(rendered.prompt)
        places = enumerate(encoded["offset_mapping"])
        scored = [index for index, (start, end) in places if start >= border and end > start]
        if self._begin and ids[:1] != self._begin:  # a chat template may have written it already
            ids, scored = [*self._begin, *ids], [index + 1 for index in scored]
        if len(ids) > self._longest:
            raise RecordError("too_long", where, f"{len(ids)} tokens, {self._longest} allowed (max_tokens)")
        if not scored or scored[0] == 0:
            raise RecordError("no_answer_tokens", where, "the answer has no token of its own")
        return TokenPath(tuple(ids), tuple(scored))


def build_sft_tree(
    tokenizer: AnswerTokenizer, template: Template, conversation: Conversation, *, last_only: bool
) -> Tree:
    """One path for each answer of the bot: what one answer's prompt shares with the next one's is one trunk."""
    paths = [
        tokenizer.encode(template.render(conversation, index, conversation.turns[index].text), conversation.place)
        for index in list_answers(conversation.turns, last_only=last_only)
    ]
    return Tree(conversation.id, tuple(paths), tuple(1.0 for _ in paths))


def build_dpo_tree(tokenizer: AnswerTokenizer, template: Template, conversation: Conversation) -> Tree | None:
    """Two paths for each pair; None for a conversation without pairs."""
    paths: list[TokenPath] = []
    weights: list[float] = []
    agreements: list[float] = []
    for index in list_answers(conversation.turns, last_only=False):
        for pair in conversation.turns[index].pairs:
            for answer in (pair.chosen, pair.rejected):
                paths.append(tokenizer.encode(template.render(conversation, index, answer), conversation.place))
                weights.append(pair.weight)
            agreements.append(pair.agreement)
    return Tree(conversation.id, tuple(paths), tuple(weights), tuple(agreements)) if paths else None
