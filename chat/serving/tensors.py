"""Tensors of a weights file as this package reads them: names, shapes and bytes, never objects. No Django, no numpy.

The files come from outside, so every length is checked against what is there before it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ITEM_BYTES: Final = {"F16": 2, "BF16": 2, "F32": 4}
MAX_TENSORS: Final = 20_000


class WeightsUnreadable(ValueError):
    """The file is no whole weights file of a kind that is read here; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    kind: str  # a key of ITEM_BYTES
    shape: tuple[int, ...]  # outermost dimension first
    content: memoryview

    def is_finite(self) -> bool:
        """Whether every number is one that a computation survives: no NaN, no infinity, in 32 bits nothing above 1e38.

        Looks at the byte with sign and exponent alone: in float16 the exponent of NaN and infinity is 0x7C in it.
        """
        mask = 0x7C if self.kind == "F16" else 0x7F
        harmless = bytes(byte for byte in range(256) if byte & mask != mask)
        size = ITEM_BYTES[self.kind]
        return not bytes(self.content[size - 1 :: size]).translate(None, delete=harmless)


def cut_tensor(name: str, kind: str, shape: tuple[int, ...], data: memoryview, start: int) -> Tensor:
    """The tensor whose numbers begin at `start` of `data`. Raises WeightsUnreadable."""
    if kind not in ITEM_BYTES:
        raise WeightsUnreadable(f"{name}: numbers of kind {kind}")
    if len(shape) != 2 or min(shape) < 1:
        raise WeightsUnreadable(f"{name}: shape {shape}")
    end = start + shape[0] * shape[1] * ITEM_BYTES[kind]
    if start < 0 or end > len(data):
        raise WeightsUnreadable(f"{name} ends at byte {end}, the file at {len(data)}")
    return Tensor(name, kind, shape, data[start:end])
