"""Settings by name: those of the five systems that MyMary replaces, and ours. docs/training.md has their sources.

A preset fills what `config.json` leaves open. Kept from each system: base, quantisation, LoRA, rate, schedule, batch,
epochs, length and optimiser. Changed on purpose: the loss is on answers only (three of the five took it on all text).
"""

from __future__ import annotations

from typing import Any, Final

KULLM: Final = "nlpai-lab/kullm-polyglot-12.8b-v2"
EEVE: Final = "yanolja/EEVE-Korean-Instruct-10.8B-v1.0"
END: Final = "<|endoftext|>"

MYMARY_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "base": KULLM,
    "template": {
        "kind": "label",
        "system": "이전 대화와 현재 대화를 함께 보고, 따뜻하게 공감한 다음 이어지는 질문으로 답을 맺어 주세요.",
        "user": "### 명령어:",
        "bot": "### 응답:",
        "separator": "\n",
        "stop": END,
    },
    "quantisation": "nf4",
    "dtype": "bfloat16",
    "gradient_checkpointing": True,
    "lora": {"rank": 8, "alpha": 16, "dropout": 0.05, "targets": ["query_key_value"]},
    "learning_rate": 3e-4,
    "schedule": "linear",
    "warmup": 0.1,
    "trees_per_step": 256,
    "epochs": 1,
    "max_tokens": 512,
    "last_answer_only": True,
    "keep_checkpoints": 5,
}
MENTOS_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "base": EEVE,
    "template": {"kind": "chat"},
    "quantisation": "nf4",
    "double_quantisation": False,
    "dtype": "bfloat16",
    "gradient_checkpointing": True,
    "lora": {"rank": 64, "alpha": 16, "dropout": 0.1, "targets": ["default"]},
    "learning_rate": 2e-5,
    "schedule": "constant",
    "warmup": 0.03,
    "trees_per_step": 16,
    "epochs": 1,
    "max_tokens": 2048,
    "optimizer": "paged_adamw_32bit",
    "keep_checkpoints": 2,
}
MENTOS_DPO: Final[dict[str, Any]] = {
    **MENTOS_SFT,
    "method": "dpo",
    "beta": 0.1,
    "lora": {"rank": 256, "alpha": 128, "dropout": 0.05, "targets": ["gate_proj", "down_proj", "up_proj"]},
    "learning_rate": 5e-5,
    "schedule": "cosine",
    "warmup": 0.1,
    "trees_per_step": 4,
    "optimizer": "adamw_8bit",
}
KORANI_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "base": "EleutherAI/polyglot-ko-5.8b",
    "template": {"kind": "label", "user": "User:", "bot": "Bot:", "separator": "\n", "stop": END},
    "quantisation": "nf4",
    "dtype": "bfloat16",
    "gradient_checkpointing": True,
    "lora": {"rank": 8, "alpha": 32, "dropout": 0.05, "targets": ["query_key_value"]},
    "learning_rate": 1e-4,
    "schedule": "linear",
    "warmup": 0.0,
    "trees_per_step": 16,
    "epochs": 1,
    "max_tokens": 256,
    "optimizer": "paged_adamw_8bit",
}
FUTFUT_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "base": "HuggingFaceH4/zephyr-7b-beta",
    "template": {"kind": "chat"},
    "dtype": "bfloat16",
    "lora": {
        "rank": 16,
        "alpha": 32,
        "dropout": 0.05,
        "targets": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    },
    "learning_rate": 2e-5,
    "schedule": "cosine",
    "warmup_steps": 5,
    "weight_decay": 0.01,
    "trees_per_step": 22,
    "epochs": 3,
    "max_tokens": 128,
    "optimizer": "adamw_8bit",
    "seed": 123,
}
NELLM_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "base": KULLM,
    "template": {
        "kind": "label",
        "system": "중고 물건의 판매자로서 상품의 가치와 두 사람이 부른 값을 견주어, 까닭을 대고 절충안을 내 주세요.",
        "user": "구매자:",
        "bot": "판매자:",
        "separator": "\n",
        "stop": END,
    },
    "quantisation": "int8",
    "dtype": "bfloat16",
    "gradient_checkpointing": True,
    "lora": {"rank": 16, "alpha": 32, "dropout": 0.1, "targets": ["default"]},
    "learning_rate": 1e-4,
    "schedule": "linear",
    "warmup_steps": 5,
    "trees_per_step": 32,
    "epochs": 20,
    "max_tokens": 1024,
}
STARTER_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "template": {"kind": "persona"},
    "dtype": "bfloat16",
    "lora": {"rank": 8, "alpha": 16},
    "learning_rate": 5e-4,
    "schedule": "cosine",
    "warmup": 0.05,
    "trees_per_step": 8,
    "epochs": 2,
    "max_tokens": 768,
    "row_tokens": 768,
    "checkpoint_steps": 10,
}
STARTER_DPO: Final[dict[str, Any]] = {
    **STARTER_SFT,
    "method": "dpo",
    "beta": 0.1,
    "sft_weight": 0.2,
    "learning_rate": 2e-5,
    "warmup": 0.1,
    "epochs": 1,
}
QLORA_SFT: Final[dict[str, Any]] = {
    "method": "sft",
    "template": {"kind": "chat"},
    "quantisation": "nf4",
    "dtype": "bfloat16",
    "gradient_checkpointing": True,
    "lora": {"rank": 16, "alpha": 32},
    "learning_rate": 2e-4,
    "schedule": "cosine",
    "warmup": 0.05,
    "trees_per_step": 16,
    "epochs": 2,
    "optimizer": "paged_adamw_8bit",
}
QLORA_DPO: Final[dict[str, Any]] = {
    **QLORA_SFT,
    "method": "dpo",
    "beta": 0.1,
    "sft_weight": 0.1,
    "learning_rate": 1e-5,
    "epochs": 1,
}

PRESETS: Final[dict[str, dict[str, Any]]] = {
    "mymary-sft": MYMARY_SFT,
    "mentos-sft": MENTOS_SFT,
    "mentos-dpo": MENTOS_DPO,
    "korani-sft": KORANI_SFT,
    "futfut-sft": FUTFUT_SFT,
    "nellm-sft": NELLM_SFT,
    "starter-sft": STARTER_SFT,
    "starter-dpo": STARTER_DPO,
    "qlora-sft": QLORA_SFT,
    "qlora-dpo": QLORA_DPO,
}
