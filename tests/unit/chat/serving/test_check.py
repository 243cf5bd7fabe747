"""Each way in which an adapter's folder can be bad, and the code under which it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from safetensors.numpy import load_file, save_file

from chat.serving.check import check_folder
from chat.serving.refusals import REFUSALS, ServingRefused
from tests.adapter_folders import BASE, MODULES, cut, flip_bit, seal, write_adapter, write_json

GGUF, WEIGHTS = "adapter.gguf", "adapter_model.safetensors"


def refuse(folder: Path, **limits: object) -> str:
    with pytest.raises(ServingRefused) as caught:
        check_folder(folder, **{"largest_bytes": 1_000_000, "base": BASE, **limits})
    assert caught.value.code in REFUSALS
    return caught.value.code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "mary")


def test_a_whole_adapter_passes_with_the_digests_of_its_files(folder: Path) -> None:
    checked = check_folder(folder, largest_bytes=1_000_000, base=BASE[:12])
    assert checked.sha256[GGUF] == json.loads((folder / "manifest.json").read_text())["gguf_digest"]
    assert checked.size_bytes == sum(file.stat().st_size for file in folder.iterdir())


@pytest.mark.parametrize("key", ["mary", "mentos", "expert", "futfut"])
def test_what_ships_passes(key: str) -> None:
    assert check_folder(settings.MARY_ADAPTERS_FOLDER / key, largest_bytes=settings.MARY_ADAPTER_BYTES)


@pytest.mark.parametrize("name", [GGUF, WEIGHTS])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_file_cut_short_is_refused_by_its_digest_and_by_its_form(folder: Path, name: str, share: float) -> None:
    cut(folder / name, share)
    assert refuse(folder) == "digest_mismatch"
    seal(folder)
    assert refuse(folder) == "weights_unreadable"


@pytest.mark.parametrize("name", [GGUF, WEIGHTS])
def test_one_flipped_bit_is_refused(folder: Path, name: str) -> None:
    flip_bit(folder / name)
    assert refuse(folder) == "digest_mismatch"


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(tmp_path: Path, weight: float) -> None:
    assert refuse(write_adapter(tmp_path / "mary", weight=weight)) == "not_finite"


def test_one_nan_in_the_file_that_is_served_is_found(folder: Path) -> None:
    content = bytearray((folder / GGUF).read_bytes())
    content[-2:] = np.float16("nan").tobytes()
    (folder / GGUF).write_bytes(content)
    seal(folder)
    assert refuse(folder) == "not_finite"


SPOILED: dict[str, Callable[[Path], object]] = {
    "pickle_weights": lambda folder: (folder / WEIGHTS).rename(folder / "adapter_model.bin"),
    "file_missing": lambda folder: (folder / "adapter_config.json").unlink(),
    "has_link": lambda folder: (folder / "notes").symlink_to("/etc/passwd"),
    "manifest_bad": lambda folder: write_json(folder / "manifest.json", {}),
    "name_bad": lambda folder: seal(folder, name="../mary"),
    "config_bad": lambda folder: write_json(folder / "adapter_config.json", {"peft_type": "LORA", "use_dora": True}),
    "wrong_base": lambda folder: seal(folder, base_digest="b" * 64),
    "rank_mismatch": lambda folder: seal(folder, config={"lora": {"rank": 8}}),
}


@pytest.mark.parametrize("code", SPOILED)
def test_a_folder_that_is_not_what_it_should_be_is_refused(folder: Path, code: str) -> None:
    SPOILED[code](folder)
    assert refuse(folder) == code


def test_a_link_instead_of_the_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / GGUF).rename(tmp_path / "elsewhere.gguf")
    (folder / GGUF).symlink_to(tmp_path / "elsewhere.gguf")
    assert refuse(folder) == "has_link"


def test_a_path_that_climbs_is_refused(folder: Path) -> None:
    assert refuse(folder / ".." / "mary") == "name_bad"


def test_a_file_beyond_the_limit_is_not_even_read(folder: Path) -> None:
    (folder / GGUF).write_bytes(b"")
    with (folder / GGUF).open("r+b") as file:
        file.truncate(10_000_000_000)
    assert refuse(folder) == "too_large"


def test_another_rank_than_the_config_says_is_refused(tmp_path: Path) -> None:
    assert refuse(write_adapter(tmp_path / "mary", rank=3)) == "rank_mismatch"


def test_a_layer_that_the_config_does_not_name_is_refused(tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "mary", modules={**MODULES, "k_proj": "attn_k"})
    assert refuse(folder) == "targets_mismatch"


def test_a_whole_matrix_of_the_vocabulary_is_refused(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS) | {"base_model.model.lm_head.weight": np.zeros((4, 4), np.float16)}
    save_file(weights, folder / WEIGHTS)
    seal(folder)
    assert refuse(folder) == "targets_mismatch"


def test_a_file_for_another_architecture_is_refused(tmp_path: Path) -> None:
    assert refuse(write_adapter(tmp_path / "mary", architecture="llama")) == "wrong_architecture"


def test_the_manifest_of_another_adapter_is_refused(folder: Path, tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "other", seed=2)
    (other / "manifest.json").replace(folder / "manifest.json")
    assert refuse(folder) == "digest_mismatch"


@pytest.mark.parametrize("manifest", [[], "mary", {"gguf_digest": 1}])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, manifest: object) -> None:
    write_json(folder / "manifest.json", manifest)
    assert refuse(folder) == "manifest_bad"
