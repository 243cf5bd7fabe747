"""A plain reading of a text, for detection only: one spelling of digits, dashes and spaces, nothing invisible, composed
Hangul. It knows for each of its characters where that stood in the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from chat.pseudonyms.spans import Span

_DASHES = frozenset("‐‑‒–—―−－﹣ㅡ─˗⁃")
# A base letter with what belongs to it: marks above it, or the conjoining vowel and final of a decomposed syllable.
_CLUSTER = re.compile(r"[\u1100-\u115f\ua960-\ua97c][\u1160-\u11a7]?[\u11a8-\u11ff]?|.", re.DOTALL)
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})


@dataclass(frozen=True, slots=True)
class Reading:
    text: str
    starts: tuple[int, ...]  # of each character of `text`: where its original begins
    ends: tuple[int, ...]

    def restore(self, span: Span) -> Span:
        return Span(span.kind, self.starts[span.start], self.ends[span.end - 1])


def read_plain(text: str) -> Reading:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        for character in _plain(match[0]):
            characters.append(character)
            starts.append(match.start())
            ends.append(match.end())
    return Reading("".join(characters), tuple(starts), tuple(ends))


def _plain(cluster: str) -> str:
    if cluster.isascii() and cluster.isprintable():
        return cluster
    if cluster in _DASHES:
        return "-"
    if cluster.isdecimal():
        return str(int(cluster))
    if cluster.isspace():
        return "\n" if cluster in "\n\r\u2028\u2029" else " "
    if unicodedata.category(cluster[0]) in _INVISIBLE:
        return ""
    width = unicodedata.normalize("NFKC", cluster) if "\uff01" <= cluster <= "\uff5e" else cluster
    return unicodedata.normalize("NFC", width)
