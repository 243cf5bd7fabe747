"""MyMary's rows were written by another lm, under labels of many spellings. Here they become turns. Pure functions.

    질문1 : 시험을 망쳤어요.          user  시험을 망쳤어요.
    답변1 : 속상하셨겠어요.      →    bot   속상하셨겠어요.
    질문2 : 네, 많이요.               user  네, 많이요.

A label counts only at the beginning of a line, with its colon.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from training.datasets.assembly import Said

USER_LABELS: Final = ("질문", "명령어", "사용자")
BOT_LABELS: Final = ("답변", "응답")
BLANKS: Final = r"[^\S\n]{0,8}"  # bounded: several unbounded runs in a row would be tried in every split
LABEL: Final = re.compile(
    rf"^{BLANKS}(?:#{{1,6}}{BLANKS})?[\[(<]?{BLANKS}(?P<name>{'|'.join(USER_LABELS + BOT_LABELS)})"
    rf"{BLANKS}[-_.(]?{BLANKS}\d{{0,3}}{BLANKS}[\])>.]?{BLANKS}[:：﹕]{BLANKS}",
    re.MULTILINE,
)


def clean_row(instruction: str, output: str) -> list[Said]:
    """The row's turns, the bot's answer last; without an answer, nothing follows the user's last turn."""
    said = split_turns(instruction)
    answer = cut_leaked_turns(output)
    if said and said[-1][0] == "bot" and said[-1][1] in ("", answer):
        said.pop()  # a label that waits for the answer, or the answer a second time
    return [*said, ("bot", answer)] if answer else said


def split_turns(text: str) -> list[Said]:
    """Text in front of every label is the user's: a single question has none."""
    text = normalise(text)
    labels = list(LABEL.finditer(text))
    bounds = [*(label.start() for label in labels), len(text)]
    head = text[: bounds[0]].strip()
    said: list[Said] = [("user", head)] if head else []
    for label, end in zip(labels, bounds[1:], strict=True):
        said.append((_find_role(label), text[label.end() : end].strip()))
    return said


def cut_leaked_turns(output: str) -> str:
    """The answer alone: without its own label, and without what the lm went on writing after it."""
    text = normalise(output).strip()
    first = LABEL.match(text)
    if first and _find_role(first) == "bot":
        text = text[first.end() :]
    leaked = LABEL.search(text)
    return text[: leaked.start()].strip() if leaked else text.strip()


def name_type(user_turns: int) -> str:
    return "single" if user_turns == 1 else f"multi_{user_turns}"


def _find_role(label: re.Match[str]) -> str:
    return "user" if label["name"] in USER_LABELS else "bot"


def normalise(text: str) -> str:
    """One spelling of Hangul and of line ends; files from macOS hold every syllable as two or three characters."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
