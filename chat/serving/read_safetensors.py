"""safetensors → tensors: eight bytes of length, a JSON header, numbers. No Django.

Format: https://github.com/huggingface/safetensors#format. Numbers must fill the file without gap or overlap.
"""

from __future__ import annotations

import json
from typing import Any

from chat.serving.tensors import MAX_TENSORS, Tensor, WeightsUnreadable, cut_tensor

LENGTH_BYTES = 8


def read_safetensors(content: bytes) -> list[Tensor]:
    """Raises WeightsUnreadable."""
    header_end = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "little")
    if len(content) <= LENGTH_BYTES or header_end > len(content):
        raise WeightsUnreadable(f"the header ends at byte {header_end}, the file at {len(content)}")
    entries = _read_header(content[LENGTH_BYTES:header_end])
    data = memoryview(content)[header_end:]
    tensors = []
    position = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"][0]):
        tensor = cut_tensor(name, str(entry["dtype"]), tuple(entry["shape"]), data, entry["data_offsets"][0])
        if [position, position + len(tensor.content)] != entry["data_offsets"]:
            raise WeightsUnreadable(f"{name}: its place {entry['data_offsets']} leaves a gap, overlaps or is too long")
        position += len(tensor.content)
        tensors.append(tensor)
    if position != len(data) or not tensors:
        raise WeightsUnreadable(f"{len(tensors)} tensors end at byte {position} of {len(data)}")
    return tensors


def _read_header(text: bytes) -> dict[str, dict[str, Any]]:
    try:
        header = json.loads(text, object_pairs_hook=_refuse_doubles)
    except (ValueError, RecursionError) as error:
        raise WeightsUnreadable(f"the header is no JSON ({error})") from error
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise WeightsUnreadable("the header is no object, or far too long")
    header.pop("__metadata__", None)
    for name, entry in header.items():
        if not _is_entry(entry):
            raise WeightsUnreadable(f"{name[:80]}: not an entry with dtype, shape and data_offsets")
    return header


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    numbers = (entry.get("shape"), entry.get("data_offsets"))
    are_numbers = all(isinstance(part, list) and all(type(item) is int for item in part) for part in numbers)
    return are_numbers and len(entry["data_offsets"]) == 2


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)
