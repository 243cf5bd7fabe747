"""Perplexity and preference accuracy are those of the plain definition, token by token."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import transformers

from tests.unit.training.finetune.test_run import TALKS, build_conversations, make_run
from tests.unit.training.finetune.tiny import save_base, write_conversations
from training.evaluation.likelihood import load_sides, measure_likelihood, score_heldout
from training.evaluation.scores import summarise
from training.finetune.config import load_config
from training.finetune.inputs import build_template
from training.finetune.lm import load_tokenizer
from training.finetune.records import read_conversations
from training.finetune.run import train
from training.finetune.templates import list_answers


def test_figures_are_those_of_each_answer_by_itself(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    run = make_run(tmp_path / "run", base, method="dpo", max_steps=30)
    train(run)
    config, heldout = load_config(run / "config.json"), run / "data" / "heldout.jsonl"
    told: list[tuple[int, int]] = []
    found = measure_likelihood(config, run / "adapter", heldout, lambda done, total: told.append((done, total)))
    lm = transformers.AutoModelForCausalLM.from_pretrained(base).eval()
    tokenizer, template = load_tokenizer(str(base)), build_template(config, load_tokenizer(str(base)))
    loss = tokens = answers = right = pairs = 0
    for conversation in read_conversations(heldout):
        for index in list_answers(conversation.turns, last_only=False):
            turn = conversation.turns[index]
            sums = []
            for text in (turn.text, turn.pairs[0].rejected):
                rendered = template.render(conversation, index, text)
                ids = tokenizer(rendered.text, add_special_tokens=False, return_tensors="pt")["input_ids"]
                before = len(tokenizer(rendered.prompt, add_special_tokens=False)["input_ids"])
                with torch.no_grad():
                    logps = torch.log_softmax(lm(ids).logits[0, :-1], dim=-1)
                each = logps[range(before - 1, ids.shape[1] - 1), ids[0, before:]]
                sums.append((float(each.sum()), len(each)))
            loss, tokens, answers = loss - sums[0][0], tokens + sums[0][1], answers + 1
            right, pairs = right + (sums[0][0] / sums[0][1] > sums[1][0] / sums[1][1]), pairs + 1
    assert found["base"].answers == answers
    assert found["base"].tokens == tokens
    assert found["base"].perplexity == pytest.approx(math.exp(loss / tokens), rel=1e-3)
    assert found["base"].pairs == pairs
    assert found["base"].accuracy_by_token == pytest.approx(right / pairs)
    assert found["base"].reward_accuracy is None
    assert found["adapter"].reward_accuracy == 1.0
    assert told[-1][0] == told[-1][1]


def test_talks_without_pairs_have_a_perplexity_and_no_accuracy(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    run = make_run(tmp_path / "run", base)
    talks = build_conversations(1)
    for turn in talks[0]["turns"]:
        turn.pop("pairs", None)
    write_conversations(run / "data" / "heldout.jsonl", talks)
    found = measure_likelihood(
        load_config(run / "config.json"), None, run / "data" / "heldout.jsonl", lambda done, total: None
    )
    assert set(found) == {"base"}
    assert found["base"].accuracy_by_token is None
    assert found["base"].perplexity > 1


def test_two_adapters_over_one_base_score_as_each_by_itself(tmp_path: Path) -> None:
    base = save_base(tmp_path / "base", [text for talk in TALKS for text in talk] * 5)
    runs = {name: make_run(tmp_path / name, base, max_steps=steps) for name, steps in (("live", 2), ("candidate", 6))}
    for run in runs.values():
        train(run)
    config, heldout = load_config(runs["live"] / "config.json"), runs["live"] / "data" / "heldout.jsonl"
    sides = load_sides(config, {name: run / "adapter" for name, run in runs.items()})
    together = score_heldout(sides, heldout, lambda done, total: None)
    assert list(together.sides) == ["base", "live", "candidate"]
    for name, run in runs.items():
        alone = measure_likelihood(config, run / "adapter", heldout, lambda done, total: None)
        assert summarise(together, name).perplexity == pytest.approx(alone["adapter"].perplexity, rel=1e-5)
    assert summarise(together, "base").perplexity == pytest.approx(alone["base"].perplexity, rel=1e-5)
    assert summarise(together, "live").perplexity != pytest.approx(summarise(together, "candidate").perplexity)
