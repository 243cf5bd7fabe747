"""Whole runs on a tiny base: what they learn, how they go on after a kill, what they refuse."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mymary_site.env import REPOSITORY
from tests.unit.training.finetune.tiny import save_base, write_conversations
from training.finetune.config import ConfigError
from training.finetune.lm import WeightsError
from training.finetune.records import RecordError
from training.finetune.run import RunCancelled, train
from training.finetune.run_folder import FolderBusy, lock
from training.finetune.step import RunDiverged

TALKS = [
    ("오늘 비가 와요.", "빗소리가 들리는 날이네요. 어디에 계세요?", "우산 쓰세요."),
    ("시험을 망쳤어요.", "공들인 만큼 속상하셨겠어요. 어떤 과목이었어요?", "다음에 잘하세요."),
    ("친구가 생겼어요!", "새 친구라니 설레시겠어요. 어떻게 만나셨어요?", "좋네요."),
    ("잠이 안 와요.", "뒤척이는 밤은 길지요. 언제부터 그러셨어요?", "일찍 누우세요."),
    ("그냥 심심해요.", "와 주셔서 반가워요. 요즘 뭐가 재미있으세요?", "그렇군요."),
]
STEPS = 12
STEPS_A_KILL = 20  # a process gets at most about 15 steps far before it is killed
LONGER = 80
LEARNED_NATS = 0.05  # only the adapter learns, on a base of random weights


def build_conversations(number: int) -> list[dict[str, Any]]:
    rooms = []
    for index in range(number):
        generator = random.Random(index)
        turns = []
        for said, better, worse in generator.sample(TALKS, k=3):
            turns += [{"role": "user", "text": said}, {"role": "bot", "text": better, "pairs": [{"rejected": worse}]}]
        rooms.append({"id": f"c-{index}", "character": "mary", "turns": turns})
    return rooms


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base"), [text for talk in TALKS for text in talk] * 5)


def make_run(folder: Path, base: Path, **settings: Any) -> Path:
    config = {
        "base": str(base),
        "template": {"kind": "label", "user": "사용자:", "bot": "마리:"},
        "lora": {"rank": 4, "alpha": 8, "dropout": 0.1},
        "max_tokens": 300,
        "row_tokens": 600,
        "trees_per_step": 2,
        "max_steps": STEPS,
        "learning_rate": 0.01,
        "checkpoint_steps": 3,
        "evaluate_steps": 6,
        **settings,
    }
    write_conversations(folder / "data" / "train.jsonl", build_conversations(8))
    write_conversations(folder / "data" / "heldout.jsonl", build_conversations(10)[8:])
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def read_losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_run_learns_and_says_where_its_adapter_comes_from(tmp_path: Path, base: Path, method: str) -> None:
    manifest = train(make_run(tmp_path, base, method=method, max_steps=LONGER, learning_rate=0.03))
    losses = read_losses(tmp_path)
    assert len(losses) == LONGER
    assert fmean(losses[-3:]) < fmean(losses[:3]) - LEARNED_NATS
    assert manifest["steps"] == LONGER
    assert manifest["trees"] is True
    assert set(manifest["data_digests"]) == {"train.jsonl", "heldout.jsonl"}
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()
    assert json.loads((tmp_path / "manifest.json").read_text()) == json.loads(json.dumps(manifest))
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_trees_learn_the_same_as_plain_pairs(tmp_path: Path, base: Path, method: str) -> None:
    lora = {"rank": 4, "alpha": 8, "dropout": 0.0}
    for name, use_trees in (("tree", True), ("plain", False)):
        train(make_run(tmp_path / name, base, method=method, use_trees=use_trees, lora=lora))
    for tree, plain in zip(read_losses(tmp_path / "tree"), read_losses(tmp_path / "plain"), strict=True):
        assert tree == pytest.approx(plain, rel=1e-3)


def test_rows_of_any_size_give_the_gradients_of_the_whole_step(tmp_path: Path, base: Path) -> None:
    lora = {"rank": 4, "alpha": 8, "dropout": 0.0}
    for name, row_tokens in (("small", 300), ("large", 5000)):
        train(make_run(tmp_path / name, base, method="dpo", row_tokens=row_tokens, lora=lora, trees_per_step=8))
    for small, large in zip(read_losses(tmp_path / "small"), read_losses(tmp_path / "large"), strict=True):
        assert small == pytest.approx(large, rel=1e-3)


def test_a_cancelled_run_goes_on_to_the_same_losses_and_weights(tmp_path: Path, base: Path) -> None:
    whole, cut = make_run(tmp_path / "whole", base, method="dpo"), make_run(tmp_path / "cut", base, method="dpo")
    train(whole)
    with pytest.raises(RunCancelled, match="after step 5 of 12"):
        cancel_after_step(cut, 5)
    train(cut)
    assert_same_run(cut, whole)


def cancel_after_step(folder: Path, step: int) -> None:
    done: list[int] = []

    def report(phase: str, number: int, *_: object) -> None:
        done.extend([number] if phase == "step" else [])

    train(folder, report=report, is_cancelled=lambda: step in done)


def assert_same_run(ours: Path, theirs: Path) -> None:
    assert read_losses(ours) == read_losses(theirs)
    left, right = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (ours, theirs))
    assert all(torch.equal(left[name], right[name]) for name in right)


@pytest.mark.parametrize("optimizer", ["adamw_8bit", "paged_adamw_8bit", "paged_adamw_32bit"])
@pytest.mark.filterwarnings("ignore:.*gemm_4bit:UserWarning")
def test_states_of_other_optimisers_survive_a_cancel(tmp_path: Path, base: Path, optimizer: str) -> None:
    settings = {"optimizer": optimizer, "lora": {"rank": 128, "alpha": 8}}  # 4,096 numbers and more are kept in 8 bits
    whole, cut = make_run(tmp_path / "whole", base, **settings), make_run(tmp_path / "cut", base, **settings)
    train(whole)
    with pytest.raises(RunCancelled):
        cancel_after_step(cut, 5)
    kept = load_file(next((cut / "checkpoints").glob("step-*")) / "optimizer.safetensors")
    assert any(value.dtype == torch.uint8 for value in kept.values()) == ("8bit" in optimizer)
    train(cut)
    assert_same_run(cut, whole)


@pytest.mark.parametrize(("quantisation", "double_quantisation"), [("nf4", True), ("nf4", False), ("int8", False)])
def test_preferences_are_learned_on_a_quantised_base(
    tmp_path: Path, quantisation: str, double_quantisation: bool
) -> None:
    texts = [text for talk in TALKS for text in talk] * 5
    base = save_base(tmp_path / "base", texts, hidden_size=64)  # a row fills whole blocks of 64 numbers
    run = make_run(
        tmp_path / "run",
        base,
        method="dpo",
        quantisation=quantisation,
        double_quantisation=double_quantisation,
        gradient_checkpointing=True,
        learning_rate=0.02,
        max_steps=8,
        evaluate_steps=8,
    )
    manifest = train(run)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert manifest["trees"] is True
    assert lines[0]["heldout_loss"] == pytest.approx(math.log(2), abs=0.01)  # the reference is this very lm
    assert lines[-1]["heldout_loss"] < lines[0]["heldout_loss"] - LEARNED_NATS


def test_a_run_that_is_cancelled_before_its_first_step_goes_on(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base, method="dpo")
    for passes in (0, 1, 3):
        left = iter([False] * passes)
        with pytest.raises(RunCancelled):
            train(run, is_cancelled=lambda left=left: next(left, True))
    train(run)
    assert len(read_losses(run)) == STEPS


def test_two_processes_never_train_in_one_folder(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    with lock(run), pytest.raises(FolderBusy, match="another process trains here"):
        train(run)
    train(run)


@pytest.mark.parametrize("use_trees", [True, False])
def test_a_tree_larger_than_a_row_is_cut_and_learned_whole(tmp_path: Path, base: Path, use_trees: bool) -> None:
    settings = {"method": "dpo", "lora": {"rank": 4, "dropout": 0.0}, "use_trees": use_trees}
    run = make_run(tmp_path / "cut", base, **settings, row_tokens=150, max_tokens=150)
    whole = make_run(tmp_path / "whole", base, **settings)
    assert train(run)["conversations"] == train(whole)["conversations"] == 8
    assert read_losses(run) == pytest.approx(read_losses(whole), rel=1e-3)


def test_an_architecture_that_takes_no_tree_is_trained_on_pairs_and_the_log_says_so(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("training.finetune.scorer.can_take_forests", lambda lm, device: False)
    manifest = train(make_run(tmp_path, base, method="dpo"))
    assert manifest["trees"] is False
    assert "cannot take a tree's mask: computing padded pairs" in caplog.text


def test_talks_held_out_without_a_pair_are_no_reason_to_refuse(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base, method="dpo", max_steps=2)
    talks = build_conversations(10)[8:]
    for turn in (turn for talk in talks for turn in talk["turns"]):
        turn.pop("pairs", None)
    write_conversations(run / "data" / "heldout.jsonl", talks)
    assert train(run)["steps"] == 2


def test_a_text_with_a_control_token_of_the_lm_is_refused(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    talks = build_conversations(2)
    talks[1]["turns"][0]["text"] = "끝</s>"
    write_conversations(run / "data" / "train.jsonl", talks)
    with pytest.raises(RecordError, match=r"train\.jsonl:2 c-1: control_token: '</s>'"):
        train(run)


def test_a_type_too_small_for_gradients_is_refused(tmp_path: Path, base: Path) -> None:
    with pytest.raises(ConfigError, match="take bfloat16"):
        train(make_run(tmp_path, base, dtype="float16"))


def test_a_persona_that_changed_half_way_is_refused(tmp_path: Path, base: Path) -> None:
    persona = tmp_path / "mary.md"
    head = '+++\nname = "마리"\nlabel = "마리"\nrevision = 1\n+++\n'
    text = head + "마리는 말벗이에요.\n---\n사용자: 안녕!\n마리: 반가워요.\n"
    persona.write_text(text)
    template = {"kind": "persona", "personas": {"mary": str(persona)}}
    run = make_run(tmp_path / "run", base, template=template, max_tokens=4000, row_tokens=4000)
    with pytest.raises(RunCancelled):
        train(run, is_cancelled=lambda: True)
    persona.write_text(text.replace("말벗", "친구"))
    with pytest.raises(ConfigError, match="personas changed since this run began"):
        train(run)


def test_a_base_that_is_nowhere_is_refused(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", tmp_path / "nowhere")
    with pytest.raises(WeightsError, match="there is no such folder or file"):
        train(run)


def test_a_base_named_by_its_id_is_looked_up_and_fixed_by_digest(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: {"team/tiny": str(base)}[name])
    by_name, by_folder = make_run(tmp_path / "name", Path("team/tiny")), make_run(tmp_path / "folder", base)
    assert train(by_name)["base_digest"] == train(by_folder)["base_digest"] != ""
    assert_same_run(by_name, by_folder)


def test_a_killed_run_goes_on_to_the_same_losses(tmp_path: Path, base: Path) -> None:
    """SIGKILL at random moments, three times; the long form does it twenty times (docs/training.md)."""
    kill_and_compare(tmp_path, base, kills=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_change_no_loss(tmp_path: Path, base: Path) -> None:
    kill_and_compare(tmp_path, base, kills=20)


def kill_and_compare(tmp_path: Path, base: Path, *, kills: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)
    generator = random.Random(seed)
    settings = {"max_steps": STEPS_A_KILL * kills, "checkpoint_steps": 1, "evaluate_steps": 1000}
    whole, cut = make_run(tmp_path / "whole", base, **settings), make_run(tmp_path / "cut", base, **settings)
    train(whole)
    killed = 0
    while killed < kills and not (cut / "manifest.json").exists():
        process = start(cut)
        wait_for_step(cut, process)
        time.sleep(generator.uniform(0, 0.3))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert start(cut).wait() == 0
    assert killed == kills
    assert read_losses(cut) == pytest.approx(read_losses(whole), rel=1e-6)


def start(folder: Path) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    return subprocess.Popen(
        [sys.executable, "-m", "training.finetune", str(folder)], cwd=REPOSITORY, env=environ, stderr=subprocess.DEVNULL
    )


def wait_for_step(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until one more step is written than there was: then it is inside its loop, often inside a checkpoint."""
    metrics = folder / "metrics.jsonl"
    before = metrics.stat().st_mtime_ns if metrics.exists() else 0
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.stat().st_mtime_ns != before and b"seconds" in metrics.read_bytes():
            return
        time.sleep(0.01)


def test_stored_reference_of_another_parent_is_noticed(tmp_path: Path, base: Path) -> None:
    from safetensors.torch import save_file

    from training.finetune.references import ReferenceDiffers

    run = make_run(tmp_path, base, method="dpo")
    with pytest.raises(RunCancelled):
        cancel_after_step(run, 1)
    stored = load_file(run / "reference.safetensors")
    save_file({name: values + 1 for name, values in stored.items()}, run / "reference.safetensors")
    with pytest.raises(ReferenceDiffers, match="stored is"):
        train(run)


def test_weights_that_can_run_code_are_refused(tmp_path: Path, base: Path) -> None:
    unsafe = tmp_path / "unsafe"
    unsafe.mkdir()
    (unsafe / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"only pytorch_model\.bin: such files can run code"):
        train(make_run(tmp_path / "run", unsafe))


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, base: Path) -> None:
    parent = make_run(tmp_path / "parent", base, max_steps=1)
    train(parent)
    manifest = json.loads((parent / "manifest.json").read_text())
    (parent / "manifest.json").write_text(json.dumps({**manifest, "base_digest": "0" * 64}))
    with pytest.raises(WeightsError, match="was made for base 000000000000"):
        train(make_run(tmp_path / "child", base, method="dpo", parent_adapter=str(parent / "adapter")))


def test_preferences_go_on_from_their_parent(tmp_path: Path, base: Path) -> None:
    parent = make_run(tmp_path / "parent", base)
    train(parent)
    manifest = train(make_run(tmp_path / "child", base, method="dpo", parent_adapter=str(parent / "adapter")))
    assert manifest["parent_adapter"] == str(parent / "adapter")
    assert read_losses(tmp_path / "child")[0] == pytest.approx(0.693, abs=0.05)  # log 2, but for dropout


def test_a_conversation_longer_than_allowed_is_refused_by_name(tmp_path: Path, base: Path) -> None:
    with pytest.raises(RecordError, match=r"c-0: too_long: \d+ tokens, 40 allowed"):
        train(make_run(tmp_path, base, max_tokens=40))


def test_inputs_that_changed_half_way_are_refused(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    with pytest.raises(RunCancelled):
        train(run, is_cancelled=lambda: True)
    write_conversations(run / "data" / "train.jsonl", build_conversations(7))
    with pytest.raises(ConfigError, match="data changed since this run began"):
        train(run)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    write_conversations(run / "data" / "heldout.jsonl", build_conversations(1))
    with pytest.raises(RecordError, match="c-0: duplicate_id"):
        train(run)


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_learned(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base, learning_rate=1e30, max_gradient_norm=1e30, warmup=0)
    with pytest.raises(RunDiverged, match="lower learning_rate"):
        train(run)
    assert not (run / "manifest.json").exists()


def test_a_cancel_file_stops_the_command_once(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    (run / "cancel").touch()
    assert start(run).wait() == 3
    assert start(run).wait() == 0
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, STEPS + 1))
    assert [line["step"] for line in lines if "heldout_loss" in line] == [0, 6, 12]


def test_the_command_line_refuses_with_a_code_and_a_reason(tmp_path: Path, base: Path) -> None:
    run = make_run(tmp_path, base)
    (run / "data" / "train.jsonl").write_text("")
    assert start(run).wait() == 2
    assert "train.jsonl: empty: there is no conversation in this file" in (run / "run.log").read_text()
