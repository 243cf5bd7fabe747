"""What is unpacked from a .gguf file, its tokenizer and its weights: that takes long, so it is kept beside the file.

A folder's name says of which weights it is and which transformers wrote it; a new one of either is unpacked anew.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from chat.inference.digest import DIGEST_CHARACTERS, sha256_of
from training.finetune.run_folder import write_folder_atomically

logger = logging.getLogger(__name__)

TOKENIZER: Final = "tokenizer"
FREE_TIMES: Final = 10
"""Weights of 4 bits become eight times as large in float32: with less room than this many times the file, none are
kept."""


def load_kept_tokenizer(gguf: Path) -> Any:
    """To the digest what `convert_tokenizer` gives. Where nothing can be kept, it is that one."""
    folder = _keep(gguf, TOKENIZER, lambda place: convert_tokenizer(gguf).save_pretrained(place))
    return _load_tokenizer(folder) if folder else convert_tokenizer(gguf)


def keep_weights(gguf: Path, dtype: str, unpack: Callable[[], Any]) -> Path | None:
    """The folder of the lm that `unpack` gives, to the bit; it is called only where there is none yet.

    `dtype`: of the weights, by name. None where nothing can be kept.
    """
    return _keep(gguf, dtype, lambda place: unpack().save_pretrained(place))


def _load_tokenizer(folder: Path) -> Any:
    """Some classes of transformers build rules of their own over those in the file: the file's are put back."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return tokenizer


def convert_tokenizer(gguf: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)


def name_folder(gguf: Path, what: str) -> Path:
    return gguf.with_name(f"{gguf.stem}-{sha256_of(gguf)[:DIGEST_CHARACTERS]}-{what}-{version('transformers')}")


def _keep(gguf: Path, what: str, fill: Callable[[Path], None]) -> Path | None:
    folder = name_folder(gguf, what)
    if folder.is_dir():
        return folder
    try:
        with _alone(folder.with_name(f".{folder.name}.lock")):
            if not folder.is_dir():
                _check_room(gguf)
                write_folder_atomically(folder, fill)
                _forget_older(folder, folder.name.removesuffix(version("transformers")))
    except OSError as error:
        logger.info("%s: its %s is not kept (%s)", gguf.name, what, error.strerror or type(error).__name__)
        return None
    return folder


def _check_room(gguf: Path) -> None:
    if shutil.disk_usage(gguf.parent).free < FREE_TIMES * gguf.stat().st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _forget_older(folder: Path, prefix: str) -> None:
    for older in folder.parent.glob(f"{prefix}*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Others wait: two who wrote the same folder at once would clear away each other's half."""
    with place.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
