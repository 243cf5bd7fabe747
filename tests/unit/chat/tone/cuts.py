"""Feeds a text to a filter in pieces, cut wherever a test wants."""

from collections.abc import Iterable
from itertools import pairwise

from chat.tone.filters import TextFilter


def run_in_pieces(text_filter: TextFilter, text: str, cuts: Iterable[int] = ()) -> str:
    borders = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(borders)]
    return "".join(text_filter.feed(piece) for piece in pieces) + text_filter.flush()
