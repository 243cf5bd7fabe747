"""`manage.py chat`: talk with a character in the terminal, with any adapter, as the product would answer."""

from __future__ import annotations

import asyncio
import random
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.inference.engine import Engine, build_engine
from chat.inference.protocol import EngineError
from chat.inference.voice import Voice, build_request, stream_reply
from chat.inference.writing import read_voice
from chat.models import Character
from chat.prompting import PromptTooLong, Turn
from chat.replies.claim import SAFETY_LEVEL
from chat.understanding.crisis import assess_crisis
from chat.understanding.crisis_card import crisis_card
from training.management.packages import require_training_packages

TRIAL: Final = "trial"
COMMANDS: Final = "/reset 처음부터 start anew   /quit 나가기 leave"


class Command(BaseCommand):
    help = "Talk with a character in the terminal: its prompt, sampling and filters, nothing stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("character", nargs="?", default="mary", help="key of a character (default %(default)s)")
        parser.add_argument(
            "--adapter",
            help="an installed adapter, or a run folder; `none` for the bare lm (default: the character's own)",
        )
        parser.add_argument("--seed", type=int, help="choose the greeting by it")

    def handle(self, *args: Any, character: str, adapter: str | None, seed: int | None, **options: Any) -> None:
        row = Character.objects.filter(key=character).first()
        if row is None:
            known = ", ".join(Character.objects.order_by("position").values_list("key", flat=True))
            raise CommandError(
                f"{character} 라는 캐릭터가 없습니다. 있는 것: {known}\n"
                f"There is no character {character}; there are {known}."
            )
        greeting = random.Random(seed).choice(row.greetings)  # noqa: S311
        try:
            with tempfile.TemporaryDirectory() as trial:
                folder, chosen = choose_adapter(adapter, row.adapter, Path(trial))
                voice = read_voice(row, chosen)
                asyncio.run(self._talk(voice, greeting, folder))
        except EngineError as error:
            raise CommandError(str(error)) from error
        except (EOFError, KeyboardInterrupt):
            self.stdout.write("")

    async def _talk(self, voice: Voice, greeting: str, folder: Path) -> None:
        engine = build_engine(
            settings.MARY_ENGINE,
            lm_path=settings.MARY_LM_PATH,
            models_folder=settings.MARY_MODELS_FOLDER,
            adapters_folder=folder,
            slots=1,
            context_tokens=settings.MARY_CONTEXT_TOKENS,
        )
        await engine.start()
        try:
            voice = replace(voice, adapter=find_installed(voice.adapter, engine))
            self.stdout.write(self.style.NOTICE(f"{engine.lm}  {voice.adapter or '-'}\n{COMMANDS}"))
            await talk(voice, engine, greeting, self._write, ask)
        finally:
            await engine.close()

    def _write(self, text: str) -> None:
        self.stdout.write(text, ending="")
        self.stdout.flush()


def choose_adapter(wished: str | None, of_character: str, trial: Path) -> tuple[Path, str]:
    """The folder to look for adapters in, and which to take. A run folder is exported below `trial`."""
    if wished == "none":
        return settings.MARY_ADAPTERS_FOLDER, ""
    if wished and Path(wished).is_dir():
        require_training_packages()
        from training.finetune.export import ExportRefused
        from training.finetune.publication import copy_or_publish

        try:
            copy_or_publish(Path(wished), trial / TRIAL)
        except ExportRefused as error:
            raise CommandError(str(error)) from error
        return trial, TRIAL
    return settings.MARY_ADAPTERS_FOLDER, wished or of_character


def find_installed(name: str, engine: Engine) -> str:
    """Raises EngineError for an adapter that the engine has not."""
    if not name:
        return ""
    for installed in engine.adapters:
        if installed == name or installed.partition("@")[0] == name:
            return installed
    known = ", ".join(sorted(engine.adapters)) or "-"
    raise EngineError(f"{name}: 이런 어댑터가 없습니다. / no such adapter. 있는 것 / there are: {known}")


def ask() -> str:
    return input("\n> ")


async def talk(
    voice: Voice, engine: Engine, greeting: str, write: Callable[[str], None], read: Callable[[], str]
) -> None:
    """Until `/quit` or the end of the input. The crisis rules stand before the lm here, too."""
    turns = [Turn("bot", greeting)]
    safety = False
    write(f"\n{voice.persona.name}: {greeting}\n")
    while (said := (await asyncio.to_thread(read)).strip()) != "/quit":
        if said == "/reset":
            turns, safety = [Turn("bot", greeting)], False
            write(f"\n{voice.persona.name}: {greeting}\n")
        if not said or said.startswith("/"):
            continue
        found = assess_crisis(said, [turn.text for turn in turns if turn.role == "user"])
        if found.needs_card:
            write(render_card(found.level, found.kinds))
        safety = safety or found.level >= SAFETY_LEVEL
        turns.append(Turn("user", said))
        spoken = replace(voice, adapter="") if safety else voice
        write(f"\n{voice.persona.name}: ")
        reply = ""
        try:
            request = await asyncio.to_thread(
                build_request,
                spoken,
                turns,
                engine,
                request_id=f"terminal-{len(turns)}",
                budget_tokens=settings.MARY_PROMPT_BUDGET_TOKENS,
                safety=safety,
            )
            async for piece in stream_reply(spoken, engine, request, safety=safety):
                reply += piece
                write(piece)
        except PromptTooLong as error:
            write(f"너무 긴 글이에요. 나누어 보내 주세요. / Too long ({error}).")
        write("\n")
        if reply:
            turns.append(Turn("bot", reply))
        else:
            turns.pop()


def render_card(level: int, kinds: tuple[str, ...]) -> str:
    card = crisis_card(level, kinds, is_minor=False, language="ko")
    lines = "".join(f"  {line.number}  {line.name}  {line.hours}\n" for line in card.lines)
    return f"\n  {card.title}\n  {card.body}\n{lines}"
