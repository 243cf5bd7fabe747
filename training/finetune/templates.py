"""Conversation → the exact texts that serving will send and expect: one prompt and one answer for each learned turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from jinja2 import TemplateError

from chat.prompting import Persona, load_persona, render_answer, render_opening, tune_persona
from chat.prompting import Turn as PromptTurn
from training.finetune.records import Conversation, RecordError, Turn


@dataclass(frozen=True)
class Rendered:
    prompt: str
    answer: str  # with the blank before it and the stop after it

    @property
    def text(self) -> str:
        return self.prompt + self.answer


class Template(Protocol):
    def render(self, conversation: Conversation, index: int, answer: str) -> Rendered:
        """`answer` in the place of the bot's turn at `index`, after everything before it. Raises RecordError."""


class PersonaTemplate:
    """The product's own prompt (chat.prompting), without the examples that an untrained lm needs."""

    def __init__(self, personas: dict[str, Path]) -> None:
        self._personas: dict[str, Persona] = {
            character: tune_persona(load_persona(path)) for character, path in personas.items()
        }

    @property
    def versions(self) -> dict[str, str]:
        return {character: persona.version for character, persona in self._personas.items()}

    def render(self, conversation: Conversation, index: int, answer: str) -> Rendered:
        persona = self._personas.get(conversation.character)
        if persona is None:
            raise RecordError(
                "unknown_character", conversation.place, f"no persona file for {conversation.character!r}"
            )
        if conversation.system:
            raise RecordError(
                "system", conversation.place, "a persona's prompt has no place for the conversation's own"
            )
        turns = [PromptTurn(turn.role, turn.text) for turn in conversation.turns[:index]]
        return Rendered(render_opening(persona, turns), render_answer(persona, answer))


class ChatTemplate:
    """The tokenizer's own chat template, for lms that were taught one."""

    ROLES: ClassVar = {"user": "user", "bot": "assistant"}

    def __init__(self, tokenizer: Any, system: str = "") -> None:
        self._tokenizer = tokenizer
        self._system = system

    def render(self, conversation: Conversation, index: int, answer: str) -> Rendered:
        system = conversation.system or self._system
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": self.ROLES[turn.role], "content": turn.text} for turn in conversation.turns[:index]]
        try:
            prompt = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            messages.append({"role": "assistant", "content": answer})
            whole = self._tokenizer.apply_chat_template(messages, tokenize=False)
        except (TemplateError, ValueError) as error:
            raise RecordError("template", conversation.place, f"the tokenizer's chat template: {error}") from error
        if not whole.startswith(prompt):
            raise RecordError(
                "template", conversation.place, "the chat template changes the prompt when an answer follows"
            )
        return Rendered(prompt, whole[len(prompt) :])


@dataclass(frozen=True)
class LabelTemplate:
    """Labelled text such as KULLM's "### 질문:" and "### 응답:", or "User:" and "Bot:"."""

    user: str
    bot: str
    separator: str
    stop: str
    system: str = ""

    def render(self, conversation: Conversation, index: int, answer: str) -> Rendered:
        head = [text for text in (self.system, conversation.system) if text]
        lines = [f"{self.user if turn.role == 'user' else self.bot} {turn.text}" for turn in conversation.turns[:index]]
        return Rendered(self.separator.join([*head, *lines, self.bot]), f" {answer}{self.stop}")


def list_answers(turns: Sequence[Turn], *, last_only: bool) -> Iterator[int]:
    """Indices of the bot's turns that are learned: those that answer somebody."""
    places = [index for index, turn in enumerate(turns) if turn.role == "bot" and index > 0]
    yield from places[-1:] if last_only else places
