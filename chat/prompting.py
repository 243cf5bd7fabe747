"""Flow 05 | runs in: inference worker | takes: character, turns, new message | gives: prompt within the token budget

The only renderer; serving, training and evaluation share it. A turn is one line:
    <persona> ⏎ (⏎ 사용자: <text> ⏎ <label>: <text> ⏎)* ⏎ 사용자: <message> ⏎ <label>:
The reply follows as " " + one line and ends at ⏎; whoever stores it strips it. A greeting stands after an empty line.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal

from chat.understanding.identity import asks_what_it_is

PROMPTS_FOLDER: Final = Path(__file__).parent / "prompts"
USER_LABEL: Final = "사용자"
KEPT_SHARE: Final = 0.6
"""Share of the room for turns that is still filled after turns were dropped; the rest lets the prefix stay the same."""
STOP: Final = ("\n",)
"""Turns are lines: this alone keeps the lm from writing the next role. A character's stop strings come on top."""
SAFETY_TEMPERATURE: Final = 0.5
SAFETY_TOKENS: Final = 160
SAFETY_MEMORY: Final = 5
"""A sentence of the closed set comes back after this many replies at the earliest."""

_CONTROL_TAG: Final = re.compile(r"<([^\s<>]{1,40})>")
_HEADING: Final = re.compile(r"#{3,}")


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "bot"]
    text: str


@dataclass(frozen=True, slots=True)
class Persona:
    name: str
    label: str  # the role label of the character's lines
    text: str
    examples: tuple[Turn, ...]
    version: str  # file stem, revision and the first 12 hex digits of the sha256 of persona file + grammar files
    closing_phrase: str = ""
    grammar: str | None = None  # GBNF
    tuned_grammar: str | None = None  # in its place for an lm with the character's adapter
    asked_grammar: str | None = None  # in the place of both where somebody asks what it is


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repeat_penalty: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    stop: tuple[str, ...]
    dropped_turns: int
    tokens: int
    version: str
    grammar: str | None = None


class PromptTooLong(Exception):
    """Persona and newest message alone are above the token budget."""

    code: Final = "prompt_too_long"

    def __init__(self, tokens: int, budget_tokens: int) -> None:
        super().__init__(f"{tokens} tokens needed, {budget_tokens} allowed")
        self.tokens = tokens
        self.budget_tokens = budget_tokens


class PersonaFileError(ValueError):
    """A persona file is not `+++ TOML +++ text --- labelled lines`."""


def render_prompt(
    persona: Persona,
    turns: Sequence[Turn],
    *,
    budget_tokens: int,
    count_tokens: Callable[[str], int],
    safety: bool = False,
) -> Prompt:
    """Render the turns, the user's newest message last; the oldest go where the budget is short.

    Where turns start must not move from call to call, or the engine's prompt cache is lost: pass a room's turns from
    a fixed first turn on. Calls `count_tokens` once where everything fits, else about once a turn: an engine whose
    tokenizer is slow caches it by text. Raises PromptTooLong.
    """
    if not turns or turns[-1].role != "user":
        raise ValueError("a prompt ends with a message of the user")
    voice = soften_persona(persona) if safety else persona
    head, tail = _render_head(voice), f"{voice.label}:"
    lines = _render_turns(voice.label, turns)
    first, tokens = 0, count_tokens(head + "".join(lines) + tail)
    if tokens > budget_tokens:
        room_tokens = budget_tokens - count_tokens(head) - count_tokens(tail)
        first = choose_first_turn(turns, [count_tokens(line) for line in lines], room_tokens)
    for start in _list_starts(turns, first):
        text = head + "".join(lines[start:]) + tail
        tokens = count_tokens(text) if start else tokens
        if tokens <= budget_tokens:
            return Prompt(text, STOP, start, tokens, voice.version, choose_grammar(voice, turns, safety=safety))
    raise PromptTooLong(tokens, budget_tokens)


def choose_grammar(voice: Persona, turns: Sequence[Turn], *, safety: bool) -> str | None:
    """Whoever asks what they talk to is told the truth, whatever an lm or an adapter would say."""
    if safety:
        return leave_out_said(voice.grammar, turns) if voice.grammar else None
    if voice.asked_grammar and asks_what_it_is(turns[-1].text):
        return voice.asked_grammar
    return voice.grammar


def tune_persona(persona: Persona) -> Persona:
    """The persona for an adapter: what the examples would show for 600 tokens, training has taught."""
    return replace(persona, examples=(), grammar=persona.tuned_grammar, version=f"tuned+{persona.version}")


def render_opening(persona: Persona, turns: Sequence[Turn]) -> str:
    """All that stands before the character's next answer, however long; training goes on with `render_answer`."""
    return _render_head(persona) + "".join(_render_turns(persona.label, turns)) + f"{persona.label}:"


def render_answer(persona: Persona, answer: str) -> str:
    """An answer as the lm is to write it after `render_opening`, with the line end that stops it."""
    return f" {neutralise_text(answer, persona.label)}\n"


def choose_first_turn(turns: Sequence[Turn], costs: Sequence[int], room_tokens: int) -> int:
    """The index of the oldest turn to keep: a pure function of the turns that seldom changes as they grow.

    It replays the room. Whenever a message of the user does not fit any more, the oldest exchanges go until
    KEPT_SHARE of the room is filled; then nothing goes until it is full again. Example: room 10, each turn costs 2,
    user and bot alternating: the sixth turn (a bot's) is not yet a prompt, at the seventh 14 > 10 and turns 1-4 go.
    """
    first = used = 0
    for index, turn in enumerate(turns):
        used += costs[index]
        if turn.role == "bot" or used <= room_tokens:
            continue
        while first < index and (used > KEPT_SHARE * room_tokens or turns[first].role == "bot"):
            used -= costs[first]
            first += 1
    return first


def soften_persona(persona: Persona) -> Persona:
    """The same name with the safety text, its examples and its closed set of sentences; no closing phrase."""
    safety = _load_safety()
    return replace(
        persona,
        text=safety.text.replace("{name}", persona.name),
        examples=safety.examples,
        version=f"{safety.version}+{persona.version}",
        closing_phrase="",
        grammar=safety.grammar,
    )


def soften_sampling(sampling: Sampling) -> Sampling:
    """Sampling for the safety prompt: never warmer than SAFETY_TEMPERATURE, room for whole sentences, no penalty."""
    return replace(
        sampling,
        temperature=min(sampling.temperature, SAFETY_TEMPERATURE),
        repeat_penalty=1.0,
        max_tokens=max(sampling.max_tokens, SAFETY_TOKENS),
    )


def leave_out_said(grammar: str, turns: Sequence[Turn]) -> str:
    """Take the sentences of the newest bot turns out of each rule that is a list of sentences and keeps one."""
    said = " ".join([turn.text for turn in turns if turn.role == "bot"][-SAFETY_MEMORY:])
    lines = []
    for line in grammar.splitlines():
        rule, _, choices = line.partition(" ::= ")
        sentences = choices.split(" | ")
        if len(sentences) > 1 and all(sentence.startswith('"') for sentence in sentences):
            left = [sentence for sentence in sentences if sentence.strip('"') not in said] or sentences
            line = f"{rule} ::= {' | '.join(left)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def neutralise_text(text: str, label: str) -> str:
    """Make one line of a turn's text in which no role label, heading or control token of a tokenizer can be read."""
    line = _CONTROL_TAG.sub(r"〈\1〉", " ".join(text.split()))
    line = _HEADING.sub("＃", line)
    return re.sub(rf"({USER_LABEL}|{re.escape(label)})\s*[:：]", r"\1,", line)


def load_persona(path: Path) -> Persona:
    """Read a persona file. Raises PersonaFileError, or OSError where a file is missing."""
    source = path.read_text(encoding="utf-8")
    try:
        _, front_matter, body = source.split("+++\n", 2)
        text, transcript = body.split("\n---\n", 1)
        fields = tomllib.loads(front_matter)
        name, label, revision = str(fields["name"]), str(fields["label"]), int(fields["revision"])
    except (ValueError, KeyError) as error:
        raise PersonaFileError(f"{path.name}: {error}") from error
    grammar, tuned_grammar, asked_grammar = (
        (path.parent / str(fields[name])).read_text(encoding="utf-8") if name in fields else None
        for name in ("grammar", "tuned_grammar", "asked_grammar")
    )
    parts = (source, grammar, tuned_grammar, asked_grammar)
    digest = hashlib.sha256("".join(part or "" for part in parts).encode()).hexdigest()
    return Persona(
        name=name,
        label=label,
        text=text.strip(),
        examples=tuple(_read_example(path, line, label) for line in transcript.splitlines() if line.strip()),
        version=f"{path.stem}-r{revision}-{digest[:12]}",
        closing_phrase=str(fields.get("closing_phrase", "")),
        grammar=grammar,
        tuned_grammar=tuned_grammar,
        asked_grammar=asked_grammar,
    )


def _read_example(path: Path, line: str, label: str) -> Turn:
    role, separator, text = line.partition(": ")
    if not separator or role not in (USER_LABEL, label):
        raise PersonaFileError(f"{path.name}: an example line starts with '{USER_LABEL}: ' or '{label}: ': {line!r}")
    return Turn("user" if role == USER_LABEL else "bot", text.strip())


@cache
def _load_safety() -> Persona:
    return load_persona(PROMPTS_FOLDER / "safety.md")


def _render_head(persona: Persona) -> str:
    return persona.text + "\n" + "".join(_render_turns(persona.label, persona.examples))


def _render_turns(label: str, turns: Sequence[Turn]) -> list[str]:
    lines: list[str] = []
    previous = "bot"
    for turn in turns:
        gap = "\n" if turn.role == "user" or previous == "bot" else ""
        speaker = USER_LABEL if turn.role == "user" else label
        lines.append(f"{gap}{speaker}: {neutralise_text(turn.text, label)}\n")
        previous = turn.role
    return lines


def _list_starts(turns: Sequence[Turn], first: int) -> Iterator[int]:
    """`first`, then each later message of the user: where to start if counts of parts do not add up to the whole's."""
    yield first
    yield from (index for index in range(first + 1, len(turns)) if turns[index].role == "user")
