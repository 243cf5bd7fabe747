"""Tiny random language models and conversations, so that the trainer's promises are checked in seconds on a CPU."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from training.finetune.forest import TokenPath

VOCABULARY = 97
WINDOW = 9
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}
GROUPED = {**SIZES, "num_key_value_heads": 2}
CONFIGS: dict[str, Any] = {
    "gpt-neox": lambda: transformers.GPTNeoXConfig(**SIZES),
    "llama": lambda: transformers.LlamaConfig(**GROUPED),
    "mistral": lambda: transformers.MistralConfig(**GROUPED, sliding_window=WINDOW),
    "qwen2": lambda: transformers.Qwen2Config(**GROUPED),
    "qwen2-sliding": lambda: transformers.Qwen2Config(
        **GROUPED, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1
    ),
    "qwen3": lambda: transformers.Qwen3Config(**GROUPED, head_dim=8),
    "gemma": lambda: transformers.GemmaConfig(**GROUPED, head_dim=8),
    "gemma2": lambda: transformers.Gemma2Config(**GROUPED, head_dim=8, sliding_window=WINDOW),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **GROUPED,
        head_dim=8,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "exaone4": lambda: transformers.Exaone4Config(**GROUPED, sliding_window=WINDOW, sliding_window_pattern=3),
}


def build_lm(config: Any, *, attention: str = "eager", seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()


def build_rated_paths(seed: int, *, rooms: int = 2, turns: int = 4) -> list[TokenPath]:
    """Rooms rated at every turn: two answers a turn, the first of which the room goes on with."""
    generator = random.Random(seed)

    def draw(length: int) -> list[int]:
        return [generator.randrange(2, VOCABULARY) for _ in range(length)]

    paths = []
    for _ in range(rooms):
        trunk = [1, *draw(12)]
        for _ in range(turns):
            chosen, rejected = draw(7), draw(5)
            rejected[0] = chosen[0]  # two answers that begin alike share that token too
            paths += [
                TokenPath((*trunk, *answer), tuple(range(len(trunk), len(trunk) + len(answer))))
                for answer in (chosen, rejected)
            ]
            trunk += [*chosen, *draw(6)]
    return paths


def save_base(folder: Path, texts: list[str], **sizes: int) -> Path:
    """A Llama of some thousand weights with a byte-level tokenizer, as a folder that the trainer loads."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.save_pretrained(folder)
    lm = build_lm(transformers.LlamaConfig(**{**GROUPED, **sizes, "vocab_size": len(fast)}))
    lm.save_pretrained(folder, safe_serialization=True)
    return folder


def write_conversations(path: Path, conversations: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(fields, ensure_ascii=False) + "\n" for fields in conversations), encoding="utf-8"
    )
