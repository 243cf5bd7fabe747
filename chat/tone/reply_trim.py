"""Trims a streamed reply: no whitespace at either end, never more than one empty line in a row."""

MAX_NEWLINES = 2


class ReplyTrim:
    def __init__(self) -> None:
        self._has_begun = False
        self._held_whitespace = ""

    def feed(self, delta: str) -> str:
        text = self._held_whitespace + delta
        shown = text.rstrip()
        self._held_whitespace = text[len(shown) :]
        if not self._has_begun:
            shown = shown.lstrip()
            self._has_begun = bool(shown)
            if not shown:
                self._held_whitespace = ""
        return _collapse_empty_lines(shown)

    def flush(self) -> str:
        """Whitespace still held was at the end, so it goes."""
        return ""


def _collapse_empty_lines(text: str) -> str:
    """`a\\n \\n\\n  b` → `a\\n\\n  b`: the indentation after the last newline stays."""
    pieces: list[str] = []
    gap: list[str] = []
    for character in text:
        if character.isspace():
            gap.append(character)
            continue
        if gap:
            pieces.append(_collapse_gap("".join(gap)))
            gap.clear()
        pieces.append(character)
    return "".join(pieces)


def _collapse_gap(gap: str) -> str:
    if gap.count("\n") <= MAX_NEWLINES:
        return gap
    return "\n" * MAX_NEWLINES + gap.rpartition("\n")[2]
