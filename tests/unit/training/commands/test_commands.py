"""The commands from data to a merged folder and a published adapter, on a tiny base."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from django.core.management import CommandError, call_command
from peft import PeftModel

from chat.inference.adapters import check_adapter
from chat.inference.engines.fake import FakeEngine
from chat.inference.protocol import EngineError
from chat.inference.voice import Voice
from chat.prompting import PROMPTS_FOLDER, Sampling, load_persona
from tests.unit.training.finetune.test_run import TALKS, build_conversations, make_run
from tests.unit.training.finetune.tiny import save_base, write_conversations
from training.finetune.run import train
from training.management.commands.chat import find_installed, talk

UNQUANTISED = ["quantisation=none", "optimizer=adamw", "dtype=float32", "gradient_checkpointing=false"]
QUICK = ["max_steps=2", "max_tokens=300", "row_tokens=600"]
LABELS = 'template={"kind": "label", "user": "사용자:", "bot": "마리:"}'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base"), [text for talk in TALKS for text in talk] * 5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_conversations(tmp_path / "talks.jsonl", build_conversations(30))
    return tmp_path / "talks.jsonl"


def test_a_run_is_set_up_and_trained_and_its_held_out_tenth_is_chosen_by_nobody(
    tmp_path: Path, base: Path, data: Path
) -> None:
    run = tmp_path / "run"
    changes = [*QUICK, *UNQUANTISED, LABELS]
    call_command("finetune", run, data=data, base=str(base), preset="qlora-sft", changes=changes)
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["config"]["preset"] == "qlora-sft"
    assert manifest["config"]["learning_rate"] == 2e-4
    assert manifest["steps"] == 2
    lines = [(run / "data" / f"{name}.jsonl").read_text().splitlines() for name in ("train", "heldout")]
    assert len(lines[0]) + len(lines[1]) == 30
    assert 0 < len(lines[1]) < 10


def test_a_folder_in_which_a_run_began_is_not_set_up_again(tmp_path: Path, base: Path, data: Path) -> None:
    run = make_run(tmp_path / "run", base, max_steps=1)
    train(run)
    with pytest.raises(CommandError, match="A run has begun"):
        call_command("finetune", run, data=data, base=str(base))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "For a new run, give --preset and --data"),
        ({"data": "talks.jsonl", "base": "x", "changes": ["epochs=0"]}, "epochs is 0"),
        ({"data": "talks.jsonl", "base": "x", "changes": ["epochs"]}, "NAME=VALUE is expected"),
        ({"data": "broken.jsonl", "base": "x"}, r"broken\.jsonl:1: not_json"),
        ({"data": "empty.jsonl", "base": "x"}, r"empty\.jsonl: empty"),
        ({"data": "nowhere.jsonl", "base": "x"}, "nowhere"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_starts(
    tmp_path: Path, data: Path, options: dict[str, Any], message: str
) -> None:
    (tmp_path / "broken.jsonl").write_text("{\n")
    (tmp_path / "empty.jsonl").write_text("")
    if "data" in options:
        options = {**options, "data": tmp_path / options["data"]}
    with pytest.raises(CommandError, match=message):
        call_command("finetune", tmp_path / "run", **options)


def test_a_refusal_of_the_trainer_comes_out_with_its_code(tmp_path: Path, base: Path, data: Path) -> None:
    with pytest.raises(CommandError, match=r"run\.log says why") as refused:
        call_command("finetune", tmp_path / "run", data=data, base=str(base), changes=["max_tokens=8", LABELS])
    assert refused.value.returncode == 2


def test_a_merged_folder_answers_like_base_and_adapter(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", base, max_steps=8, learning_rate=0.05)
    train(run)
    merged = tmp_path / "merged"
    call_command("merge_adapter", run, merged, dtype="float16", stdout=io.StringIO(), stderr=io.StringIO())
    ids = torch.arange(5, 25)[None]
    plain = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    bare = plain(ids).logits
    tuned = PeftModel.from_pretrained(plain, str(run / "adapter"))(ids).logits
    ours = transformers.AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)(ids).logits
    assert (tuned - bare).abs().max() > 0.05
    assert (ours - tuned).abs().max() < 0.01
    assert len(transformers.AutoTokenizer.from_pretrained(merged)) > 0
    assert not list(merged.glob("*.bin"))
    with pytest.raises(CommandError, match="there already"):
        call_command("merge_adapter", run, merged)


def test_a_published_adapter_is_one_that_a_worker_takes(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", base, max_steps=2)
    manifest = train(run)
    out = io.StringIO()
    call_command("export_gguf", run, "mine", folder=tmp_path / "adapters", stdout=out)
    installed = check_adapter(tmp_path / "adapters" / "mine", manifest["base_digest"])
    assert out.getvalue().strip() == installed.name
    with pytest.raises(CommandError, match="an adapter never changes"):
        call_command("export_gguf", run, "mine", folder=tmp_path / "adapters")
    with pytest.raises(CommandError, match="the run is not whole"):
        call_command("export_gguf", tmp_path / "adapters", "other", folder=tmp_path / "adapters")


def test_likelihood_is_told_without_replies_where_the_base_is_no_gguf(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", base, max_steps=2)
    train(run)
    out = io.StringIO()
    call_command("evaluate", run, character="mary", base=str(base), no_replies=True, stdout=out)
    assert "perplexity" in out.getvalue()
    with pytest.raises(CommandError, match="add --no-replies"):
        call_command("evaluate", run, character="mary", base=str(base))
    with pytest.raises(CommandError, match="There is no character nobody"):
        call_command("evaluate", run, character="nobody")


@pytest.fixture
def voice() -> Voice:
    sampling = Sampling(temperature=0.3, top_k=20, top_p=0.95, min_p=0.05, repeat_penalty=1.1, max_tokens=20)
    return Voice(load_persona(PROMPTS_FOLDER / "mary.md"), sampling)


def hold_talk(voice: Voice, said: list[str]) -> str:
    written: list[str] = []
    lines = iter([*said, "/quit"])
    engine = FakeEngine(slots=1, tokens_per_second=1000, reply_tokens=6)
    asyncio.run(talk(voice, engine, "안녕하세요.", written.append, lambda: next(lines)))
    return "".join(written)


def test_a_talk_in_the_terminal_streams_and_starts_anew(voice: Voice) -> None:
    text = hold_talk(voice, ["오늘 힘들었어요", "", "/reset", "반가워요"])
    assert text.count("마리: 안녕하세요.") == 2
    assert text.count("마리:") == 4


def test_the_crisis_card_comes_before_the_reply_in_the_terminal_too(voice: Voice) -> None:
    text = hold_talk(voice, ["죽고 싶어요"])
    assert text.index("109") < text.rindex("마리:")


def test_an_adapter_that_is_not_installed_is_named() -> None:
    with pytest.raises(EngineError, match="no such adapter"):
        find_installed("nobody@123", FakeEngine(slots=1))


@pytest.mark.django_db
def test_a_character_that_is_not_there_is_named() -> None:
    call_command("seed", no_demo=True)
    with pytest.raises(CommandError, match="there are mary, mentos, expert, futfut"):
        call_command("chat", "nobody")
