"""Out of a .gguf, tokenizer and weights: unpacked once, kept beside it, and the same as what was unpacked."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from tests.unit.training.finetune.tiny import save_base
from training.finetune import kept as module
from training.finetune import lm as lm_module
from training.finetune.config import RunConfig, parse_config
from training.finetune.inputs import digest_tokenizer
from training.finetune.kept import TOKENIZER, convert_tokenizer, load_kept_tokenizer, name_folder
from training.finetune.lm import load_base, load_tokenizer

TEMPLATE = "{% for message in messages %}<s>{{ message['content'] }}</s>{% endfor %}"
TEXTS = (
    "각각e\u0301 they'll pay 1234원!!\r\n\n끝  ",  # told apart by Qwen's own rules, which are not in the file
    "오늘은 <s>비가</s> 와요.",
    "  two  words\n",
    "",
)
WIDTH = 32


def draw_weights(vocabulary: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    shapes = {
        "token_embd.weight": (vocabulary, WIDTH),
        "output_norm.weight": (WIDTH,),
        "blk.0.attn_norm.weight": (WIDTH,),
        "blk.0.ffn_norm.weight": (WIDTH,),
        "blk.0.attn_q.weight": (WIDTH, WIDTH),
        "blk.0.attn_q.bias": (WIDTH,),
        "blk.0.attn_k.weight": (WIDTH // 2, WIDTH),
        "blk.0.attn_k.bias": (WIDTH // 2,),
        "blk.0.attn_v.weight": (WIDTH // 2, WIDTH),
        "blk.0.attn_v.bias": (WIDTH // 2,),
        "blk.0.attn_output.weight": (WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": (2 * WIDTH, WIDTH),
        "blk.0.ffn_up.weight": (2 * WIDTH, WIDTH),
        "blk.0.ffn_down.weight": (WIDTH, 2 * WIDTH),
    }
    return {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A .gguf of one layer with a vocabulary, its merges, and a chat template."""
    save_base(tmp_path / "folder", [*TEXTS, "비가 오는 날"] * 3)
    model = Tokenizer.from_file(str(tmp_path / "folder" / "tokenizer.json"))
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(sorted(model.get_vocab(), key=model.get_vocab().__getitem__))
    writer.add_token_merges([" ".join(merge) for merge in json.loads(model.to_str())["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in draw_weights(model.get_vocab_size()).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_kept_one_has_the_ids_template_and_digest_of_the_converted_one(base: Path) -> None:
    converted, kept = convert_tokenizer(base), load_tokenizer(str(base))
    assert name_folder(base, TOKENIZER).is_dir()
    for text in TEXTS:
        assert kept(text).input_ids == converted(text).input_ids
        assert kept.encode(text, add_special_tokens=False) == converted.encode(text, add_special_tokens=False)
    assert kept.chat_template == converted.chat_template == TEMPLATE
    assert kept.all_special_ids == converted.all_special_ids
    assert digest_tokenizer(kept) == digest_tokenizer(converted)


def test_two_at_once_convert_it_once_and_both_have_it(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted = []
    monkeypatch.setattr(module, "convert_tokenizer", lambda path: converted.append(path) or convert_tokenizer(path))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(load_kept_tokenizer, [base, base])
    assert digest_tokenizer(one) == digest_tokenizer(other)
    assert converted == [base]


def test_where_nothing_can_be_written_the_converted_one_is_taken(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_folder_atomically", refuse)
        unkept = load_kept_tokenizer(base)
    assert not name_folder(base, TOKENIZER).exists()
    assert digest_tokenizer(unkept) == digest_tokenizer(load_kept_tokenizer(base))


def test_other_weights_of_the_same_name_are_converted_anew(base: Path) -> None:
    before = name_folder(base, TOKENIZER)
    base.write_bytes(base.read_bytes() + b"\0" * 8)
    assert name_folder(base, TOKENIZER) != before


def test_kept_weights_are_those_of_the_file_to_the_bit(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse_config({"base": str(base), "method": "sft", "dtype": "bfloat16"})
    with monkeypatch.context() as patch:
        patch.setattr(lm_module, "keep_weights", lambda *_: None)
        unpacked = load_base(config, "cpu")
    assert not name_folder(base, "bfloat16").exists()
    first, again = load_base(config, "cpu"), load_base(config, "cpu")
    assert name_folder(base, "bfloat16").is_dir()
    weights = unpacked.state_dict()
    for lm in (first, again):
        assert all(torch.equal(tensor, weights[name]) for name, tensor in lm.state_dict().items())
        assert {tensor.dtype for tensor in lm.parameters()} == {torch.bfloat16}
        assert lm.config.num_attention_heads == 2


def test_the_file_is_unpacked_once_for_a_dtype(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = []
    load = lm_module._load_lm

    def watch(config: RunConfig, path: Path, options: dict[str, object]) -> object:
        unpacked.extend([config.dtype] * ("gguf_file" in options))
        return load(config, path, options)

    monkeypatch.setattr(lm_module, "_load_lm", watch)
    for dtype in ("bfloat16", "float32", "bfloat16", "float32"):
        load_base(parse_config({"base": str(base), "method": "sft", "dtype": dtype}), "cpu")
    assert unpacked == ["bfloat16", "float32"]


def test_without_room_nothing_is_kept_and_the_lm_is_there(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FREE_TIMES", 10**9)
    lm = load_base(parse_config({"base": str(base), "method": "sft"}), "cpu")
    assert lm.config.num_hidden_layers == 1
    assert [place.name for place in base.parent.glob("tiny-*")] == []


def test_what_another_version_kept_of_it_goes(base: Path) -> None:
    old, other = (base.with_name(f"{name_folder(base, what).name}-old") for what in (TOKENIZER, "float32"))
    old.mkdir()
    other.mkdir()
    load_tokenizer(str(base))
    assert not old.exists()
    assert other.exists()
