"""What a run learns from: its files fixed by digest, its conversations as trees."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chat.inference.digest import sha256_of
from training.finetune.batches import Tree
from training.finetune.config import ConfigError, RunConfig
from training.finetune.lm import check_parent
from training.finetune.records import Conversation, RecordError, read_conversations
from training.finetune.run_folder import INPUTS, write_json
from training.finetune.templates import ChatTemplate, LabelTemplate, PersonaTemplate, Template
from training.finetune.tokens import AnswerTokenizer, build_dpo_tree, build_sft_tree

logger = logging.getLogger(__name__)


def fix_inputs(folder: Path, config: RunConfig, base_digest: str, tokenizer: Any, template: Template) -> dict[str, Any]:
    """Digests of all that goes in, kept from the first start on. Raises ConfigError where something has changed."""
    inputs = {
        "config": sha256_of(folder / "config.json"),
        "data": {path.name: sha256_of(path) for path in sorted((folder / "data").glob("*.jsonl"))},
        "base": base_digest,
        "parent": check_parent(Path(config.parent_adapter), base_digest) if config.parent_adapter else "",
        "tokenizer": digest_tokenizer(tokenizer),
        "personas": getattr(template, "versions", {}),
    }
    file = folder / INPUTS
    if not file.exists():
        write_json(file, inputs)
        return inputs
    began_with = json.loads(file.read_text())
    if changed := [name for name, value in inputs.items() if began_with.get(name) != value]:
        raise ConfigError(f"{', '.join(changed)} changed since this run began: take a new folder for a new run")
    return inputs


def digest_tokenizer(tokenizer: Any) -> str:
    """Of its vocabulary, rules and chat template."""
    text = tokenizer.backend_tokenizer.to_str() + str(tokenizer.chat_template)
    return hashlib.sha256(text.encode()).hexdigest()


def refuse_repeated_ids(trees: Sequence[Tree]) -> None:
    seen: set[str] = set()
    for tree in trees:
        if tree.conversation_id in seen:
            raise RecordError("duplicate_id", tree.conversation_id, "two conversations, of both files, bear this id")
        seen.add(tree.conversation_id)


def build_template(config: RunConfig, tokenizer: Any) -> Template:
    settings = config.template
    if settings.kind == "chat":
        return ChatTemplate(tokenizer, settings.system)
    if settings.kind == "label":
        return LabelTemplate(settings.user, settings.bot, settings.separator, settings.stop, settings.system)
    return PersonaTemplate({character: Path(path) for character, path in settings.personas.items()})


def refuse_special_tokens(conversation: Conversation, specials: Sequence[str]) -> None:
    """A token that steers this very lm must not come out of a text. Raises RecordError."""
    texts = [conversation.system]
    for turn in conversation.turns:
        texts += [turn.text, *(text for pair in turn.pairs for text in (pair.chosen, pair.rejected))]
    for token in specials:
        if any(token in text for text in texts):
            reason = f"{token!r} is a control token of this tokenizer: take it out of the text"
            raise RecordError("control_token", conversation.place, reason)


def build_trees(config: RunConfig, tokenizer: Any, template: Template, file: Path) -> Iterator[Tree]:
    """One tree a conversation. Raises RecordError; also where a DPO file holds no pair at all."""
    is_empty = True
    encoder = AnswerTokenizer(tokenizer, config.max_tokens)
    specials = tuple(token for token in tokenizer.all_special_tokens if token)
    for conversation in read_conversations(file):
        refuse_special_tokens(conversation, specials)
        if config.method == "sft":
            tree: Tree | None = build_sft_tree(encoder, template, conversation, last_only=config.last_answer_only)
        else:
            tree = build_dpo_tree(encoder, template, conversation)
        if tree is not None:
            is_empty = False
            yield tree
    if is_empty:
        raise RecordError("no_pairs", file.name, "no conversation in this file has a pair of answers to compare")


def build_heldout(config: RunConfig, tokenizer: Any, template: Template, file: Path) -> Iterator[Tree]:
    """None where there is no such file, or, for DPO, none of its talks has a pair: a tenth of a few may be that."""
    if not file.exists():
        return
    try:
        yield from build_trees(config, tokenizer, template, file)
    except RecordError as error:
        if error.code != "no_pairs":
            raise
        logger.warning("%s: nothing to evaluate with", error)
