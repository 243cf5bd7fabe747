"""Settings of a run: what is wrong is named, with what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.finetune.config import ConfigError, RunConfig, dump_config, load_config, parse_config
from training.finetune.presets import PRESETS


def test_a_config_survives_being_written_and_read() -> None:
    config = parse_config(
        {"base": "x", "method": "dpo", "lora": {"rank": 8}, "template": {"personas": {"mary": "m.md"}}}
    )
    assert parse_config(json.loads(json.dumps(dump_config(config)))) == config


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "base"),
        ({"base": "x", "learningrate": 1}, "unknown setting learningrate; known are base"),
        ({"base": "x", "lora": {"r": 1}}, r"unknown setting lora\.r"),
        ({"base": "x", "method": "ppo"}, "method is 'ppo'; allowed are sft, dpo"),
        ({"base": "x", "learning_rate": 0}, "learning_rate is 0; it must be above 0"),
        ({"base": "x", "row_tokens": 10}, r"row_tokens \(10\) is below max_tokens"),
        ({"base": "x", "warmup": 1.5}, "warmup is 1.5"),
        ({"base": "x", "max_steps": -1}, "max_steps is -1"),
        ({"base": "x", "evaluate_steps": 0}, "evaluate_steps is 0"),
        ({"base": "x", "keep_checkpoints": 0}, "keep_checkpoints is 0"),
        ({"base": "x", "max_tokens": "768"}, "max_tokens is '768'; int is expected"),
        ({"base": "x", "use_trees": "false"}, "use_trees is 'false'; bool is expected"),
        ({"base": "x", "epochs": True}, "epochs is True; int is expected"),
        ({"base": "x", "template": {"kind": "poem"}}, "kind is 'poem'; allowed are persona, chat, label"),
        ({"base": "x", "lora": {"targets": []}}, "targets must name a layer"),
    ],
)
def test_a_wrong_setting_is_named(fields: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(fields)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a run folder holds config"):
        load_config(tmp_path / "config.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        load_config(tmp_path / "config.json")


def test_defaults_are_valid() -> None:
    assert parse_config({"base": "x"}) == RunConfig(base="x")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_fills_what_is_open(name: str) -> None:
    config = parse_config({"base": "somewhere", "preset": name})
    assert config.preset == name
    assert config.base == "somewhere"
    assert config.epochs == PRESETS[name]["epochs"]


def test_what_is_given_goes_before_the_preset() -> None:
    config = parse_config({"preset": "mymary-sft", "lora": {"rank": 4}, "template": {"user": "질문:"}})
    assert config.lora.rank == 4
    assert config.lora.targets == ("query_key_value",)
    assert config.template.user == "질문:"
    assert config.template.bot == "### 응답:"
    assert config.quantisation == "nf4"


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown preset 'mymary'; known are mymary-sft"):
        parse_config({"preset": "mymary"})
