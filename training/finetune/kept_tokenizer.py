"""The tokenizer inside a .gguf file: converting it takes long, so the converted one is kept beside the file.

The folder's name says of which weights it is and which transformers wrote it; a new one of either is converted anew.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from training.finetune.run_folder import write_folder_atomically

logger = logging.getLogger(__name__)


def load_kept_tokenizer(gguf: Path) -> Any:
    """To the digest what `convert_tokenizer` gives. Where nothing can be written, it is that one."""
    folder = name_folder(gguf)
    if not folder.is_dir():
        try:
            _keep(gguf, folder)
        except OSError as error:
            logger.info("%s: its tokenizer is not kept (%s)", gguf.name, type(error).__name__)
            return convert_tokenizer(gguf)
    return _load(folder)


def _load(folder: Path) -> Any:
    """Some classes of transformers build rules of their own over those in the file: the file's are put back."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return tokenizer


def convert_tokenizer(gguf: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)


def name_folder(gguf: Path) -> Path:
    digest = sha256_of(gguf)[:DIGEST_CHARACTERS]
    return gguf.with_name(f"{gguf.stem}-{digest}-tokenizer-{version('transformers')}")


def _keep(gguf: Path, folder: Path) -> None:
    with _alone(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            write_folder_atomically(folder, lambda place: convert_tokenizer(gguf).save_pretrained(place))


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Others wait: two who wrote the same folder at once would clear away each other's half."""
    with place.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
