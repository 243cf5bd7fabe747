"""Run one inference worker until SIGTERM or Ctrl-C, which drains it."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat import token_log
from chat.inference.engine import build_engine
from chat.inference.protocol import EngineError
from chat.inference.worker import DRAIN_SECONDS, InferenceWorker


class Command(BaseCommand):
    help = "Write the replies that are queued, with the engine of MARY_ENGINE, until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drain-seconds",
            type=float,
            default=DRAIN_SECONDS,
            help="how long replies may go on after SIGTERM; then they go back to the queue (default %(default)s)",
        )

    def handle(self, *args: Any, drain_seconds: float, **options: Any) -> None:
        try:
            asyncio.run(serve(drain_seconds))
        except EngineError as error:
            raise CommandError(str(error)) from error


async def serve(drain_seconds: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = build_engine(
        settings.MARY_ENGINE,
        lm_path=settings.MARY_LM_PATH,
        models_folder=settings.MARY_MODELS_FOLDER,
        adapters_folder=settings.MARY_ADAPTERS_FOLDER,
        slots=settings.MARY_ENGINE_SLOTS,
        context_tokens=settings.MARY_CONTEXT_TOKENS,
    )
    async with token_log.connect(settings.MARY_TOKEN_LOG_URL) as client:
        worker = InferenceWorker(
            engine,
            client,
            prompt_budget_tokens=settings.MARY_PROMPT_BUDGET_TOKENS,
            keep_log_seconds=settings.MARY_TOKEN_LOG_SECONDS,
            drain_seconds=drain_seconds,
        )
        await worker.run(stop)
