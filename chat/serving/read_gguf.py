"""GGUF → metadata and tensors. No Django.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian). Quantised numbers
are refused: an adapter has none.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, Final

from chat.serving.tensors import MAX_TENSORS, Tensor, WeightsUnreadable, cut_tensor

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
# fmt: off
SCALARS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}
# fmt: on
STRING: Final = 8
KINDS: Final = {0: "F32", 1: "F16", 30: "BF16"}
MAX_FIELDS: Final = 200
MAX_STRING_BYTES: Final = 65_536
ALIGNMENT: Final = 32


@dataclass(frozen=True)
class GgufFile:
    metadata: dict[str, Any]
    tensors: list[Tensor]


@dataclass
class Reader:
    content: bytes
    position: int = field(default=0)

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.content):
            raise WeightsUnreadable(f"the header goes on after the end of the file at byte {len(self.content)}")
        self.position += count
        return self.content[self.position - count : self.position]

    def take_number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def take_string(self) -> str:
        length = self.take_number("<Q")
        if length > MAX_STRING_BYTES:
            raise WeightsUnreadable(f"a text of {length} bytes in the header")
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise WeightsUnreadable("a text in the header is no UTF-8") from error

    def take_value(self) -> Any:
        kind = self.take_number("<I")
        if kind == STRING:
            return self.take_string()
        if kind not in SCALARS:
            raise WeightsUnreadable(f"a field of kind {kind}: an adapter has texts and numbers only")
        return self.take_number(SCALARS[kind])


def read_gguf(content: bytes) -> GgufFile:
    """Raises WeightsUnreadable."""
    reader = Reader(content)
    if reader.take(4) != MAGIC or (version := reader.take_number("<I")) not in VERSIONS:
        raise WeightsUnreadable(f"no GGUF file of version {VERSIONS[0]} or {VERSIONS[-1]}")
    tensor_count, field_count = reader.take_number("<Q"), reader.take_number("<Q")
    if not 0 < tensor_count <= MAX_TENSORS or field_count > MAX_FIELDS:
        raise WeightsUnreadable(f"version {version} with {tensor_count} tensors and {field_count} fields")
    metadata = {reader.take_string(): reader.take_value() for _ in range(field_count)}
    entries = [_take_entry(reader) for _ in range(tensor_count)]
    alignment = metadata.get("general.alignment", ALIGNMENT)
    if not isinstance(alignment, int) or not 1 <= alignment <= MAX_STRING_BYTES:
        raise WeightsUnreadable(f"alignment {alignment}")
    start = -(-reader.position // alignment) * alignment
    data = memoryview(content)[start:]
    return GgufFile(metadata, [cut_tensor(name, kind, shape, data, offset) for name, kind, shape, offset in entries])


def _take_entry(reader: Reader) -> tuple[str, str, tuple[int, ...], int]:
    name = reader.take_string()
    dimensions = reader.take_number("<I")
    if dimensions > 4:
        raise WeightsUnreadable(f"{name}: {dimensions} dimensions")
    shape = tuple(reader.take_number("<Q") for _ in range(dimensions))
    kind = reader.take_number("<I")
    return name, KINDS.get(kind, f"number {kind}"), shape[::-1], reader.take_number("<Q")
