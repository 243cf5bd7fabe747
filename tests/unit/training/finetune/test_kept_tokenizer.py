"""A tokenizer out of a .gguf: converted once, kept beside it, and the same as the one that was converted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gguf
import pytest
from tokenizers import Tokenizer

from tests.unit.training.finetune.tiny import save_base
from training.finetune import kept_tokenizer as module
from training.finetune.inputs import digest_tokenizer
from training.finetune.kept_tokenizer import convert_tokenizer, load_kept_tokenizer, name_folder
from training.finetune.lm import load_tokenizer

TEMPLATE = "{% for message in messages %}<s>{{ message['content'] }}</s>{% endfor %}"
TEXTS = (
    "각각e\u0301 they'll pay 1234원!!\r\n\n끝  ",  # told apart by Qwen's own rules, which are not in the file
    "오늘은 <s>비가</s> 와요.",
    "  two  words\n",
    "",
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A .gguf without weights: a vocabulary, its merges, and a chat template."""
    save_base(tmp_path / "folder", [*TEXTS, "비가 오는 날"] * 3)
    model = Tokenizer.from_file(str(tmp_path / "folder" / "tokenizer.json"))
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_block_count(1)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(sorted(model.get_vocab(), key=model.get_vocab().__getitem__))
    writer.add_token_merges([" ".join(merge) for merge in json.loads(model.to_str())["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template(TEMPLATE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def test_the_kept_one_has_the_ids_template_and_digest_of_the_converted_one(base: Path) -> None:
    converted, kept = convert_tokenizer(base), load_tokenizer(str(base))
    assert name_folder(base).is_dir()
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
    assert not name_folder(base).exists()
    assert digest_tokenizer(unkept) == digest_tokenizer(load_kept_tokenizer(base))


def test_other_weights_of_the_same_name_are_converted_anew(base: Path) -> None:
    before = name_folder(base)
    base.write_bytes(base.read_bytes() + b"\0" * 8)
    assert name_folder(base) != before
