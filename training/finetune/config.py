"""`config.json` of a run folder: everything a run depends on besides its data."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from training.finetune.presets import PRESETS

Method = Literal["sft", "dpo"]
Quantisation = Literal["none", "nf4", "int8"]
Dtype = Literal["float32", "bfloat16", "float16"]
TemplateKind = Literal["persona", "chat", "label"]
Schedule = Literal["linear", "cosine", "constant"]
Optimizer = Literal["adamw", "adamw_8bit", "paged_adamw_8bit", "paged_adamw_32bit"]

PLAIN_TYPES = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}


class ConfigError(ValueError):
    """A setting that is missing, unknown or out of range; the message names it and what is allowed."""


@dataclass(frozen=True)
class LoraSettings:
    """`targets`: names of layers; "all-linear" for each one but the output, "default" for those that PEFT takes."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = ("all-linear",)


@dataclass(frozen=True)
class TemplateSettings:
    """`persona`: files by character; `chat`: the tokenizer's own; `label`: written labels."""

    kind: TemplateKind = "persona"
    personas: dict[str, str] = field(default_factory=dict)
    system: str = ""
    user: str = "User:"
    bot: str = "Bot:"
    separator: str = "\n"
    stop: str = "\n"


@dataclass(frozen=True)
class RunConfig:
    base: str  # folder, Hugging Face id, or a .gguf file
    preset: str = ""  # of presets.py: what is not set here is taken from there
    method: Method = "sft"
    parent_adapter: str = ""  # a folder; DPO starts from it and is compared with it
    template: TemplateSettings = field(default_factory=TemplateSettings)
    lora: LoraSettings = field(default_factory=LoraSettings)
    quantisation: Quantisation = "none"
    double_quantisation: bool = True  # of nf4: the scales are quantised too
    dtype: Dtype = "float32"
    use_trees: bool = True
    last_answer_only: bool = False
    max_tokens: int = 1024
    row_tokens: int = 2048
    trees_per_step: int = 16
    epochs: int = 1
    max_steps: int = 0  # 0: as many as the epochs have
    learning_rate: float = 2e-4
    schedule: Schedule = "linear"
    warmup: float = 0.1  # share of the steps
    warmup_steps: int = 0  # instead of a share
    optimizer: Optimizer = "adamw"
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    beta: float = 0.1
    sft_weight: float = 0.0
    gradient_checkpointing: bool = False
    checkpoint_steps: int = 50
    keep_checkpoints: int = 2
    evaluate_steps: int = 50
    seed: int = 20261121


def load_config(path: Path) -> RunConfig:
    """Raises ConfigError."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing: a run folder holds config.json and data/train.jsonl") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    return parse_config(fields)


def parse_config(fields: Any) -> RunConfig:
    """Raises ConfigError for unknown names, wrong types and values out of range."""
    if not isinstance(fields, dict):
        raise ConfigError("config: an object is expected")
    fields = _fill_from_preset(fields)
    nested = {"template": TemplateSettings, "lora": LoraSettings}
    for name, kind in nested.items():
        if name in fields:
            fields[name] = _build(kind, fields[name], f"{name}.")
    config: RunConfig = _build(RunConfig, fields, "")
    _check(config)
    return config


def _fill_from_preset(fields: dict[str, Any]) -> dict[str, Any]:
    """Settings of the named preset under those that are given; `lora` and `template` are filled name by name."""
    name = fields.get("preset", "")
    if not name:
        return dict(fields)
    if name not in PRESETS:
        raise ConfigError(f"unknown preset {name!r}; known are {', '.join(PRESETS)}")
    preset = PRESETS[name]
    filled = {**preset, **fields}
    for key in ("lora", "template"):
        if isinstance(fields.get(key), dict) and key in preset:
            filled[key] = {**preset[key], **fields[key]}
    return filled


def dump_config(config: RunConfig) -> dict[str, Any]:
    return dataclasses.asdict(config)


def _build(kind: Any, fields: Any, prefix: str) -> Any:
    if dataclasses.is_dataclass(fields):
        return fields
    if not isinstance(fields, dict):
        raise ConfigError(f"{prefix.rstrip('.')}: an object is expected")
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(fields) - known):
        raise ConfigError(f"unknown setting {prefix}{unknown[0]}; known are {', '.join(sorted(known))}")
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    for known_field in dataclasses.fields(kind):
        name, plain = known_field.name, PLAIN_TYPES.get(str(known_field.type))
        # True counts as an int in Python, and must not here.
        if plain and name in fields and (type(fields[name]) not in plain):
            raise ConfigError(f"{prefix}{name} is {fields[name]!r}; {known_field.type} is expected")
    try:
        return kind(**fields)
    except TypeError as error:
        raise ConfigError(f"{prefix or 'config: '}{error}") from error


def _check(config: RunConfig) -> None:
    choices = {
        "method": Method,
        "quantisation": Quantisation,
        "dtype": Dtype,
        "schedule": Schedule,
        "optimizer": Optimizer,
    }
    for name, kind in choices.items():
        if getattr(config, name) not in get_args(kind):
            raise ConfigError(f"{name} is {getattr(config, name)!r}; allowed are {', '.join(get_args(kind))}")
    if config.template.kind not in get_args(TemplateKind):
        raise ConfigError(f"template.kind is {config.template.kind!r}; allowed are {', '.join(get_args(TemplateKind))}")
    positive = (
        "max_tokens",
        "row_tokens",
        "trees_per_step",
        "epochs",
        "learning_rate",
        "beta",
        "checkpoint_steps",
        "evaluate_steps",
        "keep_checkpoints",
    )
    for name in positive:
        if not getattr(config, name) > 0:
            raise ConfigError(f"{name} is {getattr(config, name)}; it must be above 0")
    if config.max_steps < 0:
        raise ConfigError(f"max_steps is {config.max_steps}; 0 takes as many as the epochs have")
    if config.warmup_steps < 0:
        raise ConfigError(f"warmup_steps is {config.warmup_steps}; 0 leaves it to warmup")
    if config.row_tokens < config.max_tokens:
        raise ConfigError(f"row_tokens ({config.row_tokens}) is below max_tokens ({config.max_tokens})")
    if not 0 <= config.warmup < 1:
        raise ConfigError(f"warmup is {config.warmup}; it is a share of the steps, from 0 to below 1")
    if not 0 <= config.lora.dropout < 1:
        raise ConfigError(f"lora.dropout is {config.lora.dropout}; it is a share, from 0 to below 1")
    if config.lora.rank < 1 or not config.lora.targets:
        raise ConfigError("lora: rank must be at least 1, and targets must name a layer")
