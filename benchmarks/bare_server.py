"""`python -m benchmarks.bare_server LM SLOTS CONTEXT_TOKENS`: llama.cpp's own HTTP server, run as the engine runs it.

Prints its address and serves until its standard input closes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import xllamacpp

from chat.inference.engines.llamacpp import build_params


def main(lm_path: str, slots: str, context_tokens: str) -> None:
    server = xllamacpp.Server(build_params(Path(lm_path), int(slots), int(context_tokens)))
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
