"""One reply from claim to end: prompt, engine, filters, log, record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, DataError, InterfaceError
from django.utils import timezone

from chat.database_threads import in_database_thread
from chat.inference.engine import Engine
from chat.inference.log_writer import LogWriter, ReplyText
from chat.inference.protocol import Delta, EngineError, GenerationRequest, Usage
from chat.inference.voice import Voice, build_filters, build_request
from chat.models import Character, Reply, ReplyState
from chat.prompting import PromptTooLong, Sampling, load_persona
from chat.replies.claim import ClaimedReply
from chat.replies.ending import ReplyEnd
from chat.replies.finish import finish_reply
from chat.tone.reply_filters import ReplyFilters

logger = logging.getLogger(__name__)

FINISH_TRIES: Final = 240
FINISH_RETRY_SECONDS: Final = 0.5
LOG_SECONDS: Final = 2.0


@dataclass(eq=False)
class Writing:
    """A reply being written. `stop` is the user's wish; `lose` means that another worker may hold it now."""

    claimed: ClaimedReply
    text: ReplyText | None = None
    is_stopped: bool = False
    is_lost: bool = False
    is_finishing: bool = False
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        self.is_stopped = True
        self.interrupted.set()

    def lose(self) -> None:
        self.is_lost = True
        self.interrupted.set()


@dataclass
class Outcome:
    state: ReplyState = ReplyState.DONE
    error_code: str = ""
    dt_first_token: datetime | None = None
    provenance: dict[str, Any] = field(default_factory=dict)


async def write_reply(writing: Writing, engine: Engine, log: LogWriter, *, budget_tokens: int) -> None:
    """Write the reply to its end. Returns only when the engine's slot is free again."""
    claimed = writing.claimed
    text = writing.text = log.open(claimed.reply_id, claimed.attempt)
    try:
        outcome = await _generate(writing, engine, log, text, budget_tokens)
        if writing.is_lost or not await _end(writing, log, text, outcome):
            await _forget_deleted(claimed, log)
    finally:
        log.drop(text)


async def _end(writing: Writing, log: LogWriter, text: ReplyText, outcome: Outcome) -> bool:
    """Store the end and close the log; False when this writing did not end the reply."""
    if outcome.state == ReplyState.DONE and not text.text:
        outcome.state, outcome.error_code = ReplyState.FAILED, "empty_reply"
    # Readers get the last delta before they are told of the end.
    await log.settle(text, timeout_seconds=LOG_SECONDS)
    writing.is_finishing = True
    end = ReplyEnd(outcome.state, text.text, outcome.error_code, outcome.dt_first_token, outcome.provenance)
    if not await _record(writing.claimed, end):
        return False  # an end entry of ours would cut off whoever writes it now
    await log.close(text, timeout_seconds=LOG_SECONDS)
    return True


async def _forget_deleted(claimed: ClaimedReply, log: LogWriter) -> None:
    """A room deleted in mid-reply leaves no text behind: what was logged after its deletion goes as well."""
    with suppress(DatabaseError, InterfaceError):
        if not await in_database_thread(Reply.objects.filter(pk=claimed.reply_id).exists)():
            await log.erase(claimed.reply_id)


async def _generate(writing: Writing, engine: Engine, log: LogWriter, text: ReplyText, budget_tokens: int) -> Outcome:
    outcome = Outcome()
    claimed = writing.claimed
    if writing.interrupted.is_set():
        outcome.state = ReplyState.STOPPED
        return outcome
    try:
        voice = read_voice(claimed.character, choose_adapter(claimed, engine))
        request = await asyncio.to_thread(
            build_request,
            voice,
            claimed.turns,
            engine,
            request_id=str(claimed.reply_id),
            budget_tokens=budget_tokens,
            safety=claimed.needs_safety,
        )
        outcome.provenance = _describe(engine, request)
        filters = build_filters(voice, safety=claimed.needs_safety)
        async with aclosing(engine.generate(request)) as pieces:
            await _stream(writing, pieces, filters, log, text, outcome)
    except PromptTooLong:
        outcome.state, outcome.error_code = ReplyState.FAILED, "prompt_too_long"
    except EngineError:
        logger.exception("reply %s failed in the engine", writing.claimed.reply_id)
        outcome.state, outcome.error_code = ReplyState.FAILED, "engine_error"
    except Exception:
        # The outermost loop of one reply: whatever went wrong, its sender is told and the others go on.
        logger.exception("reply %s failed", writing.claimed.reply_id)
        outcome.state, outcome.error_code = ReplyState.FAILED, "engine_error"
    if writing.is_stopped:
        outcome.state, outcome.error_code = ReplyState.STOPPED, ""
    return outcome


async def _stream(
    writing: Writing,
    pieces: AsyncGenerator[Delta | Usage, None],
    filters: ReplyFilters,
    log: LogWriter,
    text: ReplyText,
    outcome: Outcome,
) -> None:
    """Pass deltas through the character's filters into the log until the end, a loop, a stop or a lost lease."""
    passing = asyncio.create_task(_pass_pieces(pieces, filters, log, text, outcome))
    interruption = asyncio.create_task(writing.interrupted.wait())
    try:
        await asyncio.wait([passing, interruption], return_when=asyncio.FIRST_COMPLETED)
    finally:
        interruption.cancel()
        if not passing.done():
            passing.cancel()
    try:
        await passing
    except asyncio.CancelledError:
        if not writing.interrupted.is_set():
            raise
    if not writing.is_lost:
        log.push(text, filters.flush())


async def _pass_pieces(
    pieces: AsyncGenerator[Delta | Usage, None],
    filters: ReplyFilters,
    log: LogWriter,
    text: ReplyText,
    outcome: Outcome,
) -> None:
    async for piece in pieces:
        if isinstance(piece, Usage):
            outcome.provenance |= {
                "prompt_tokens": piece.prompt_tokens,
                "cached_tokens": piece.cached_tokens,
                "reply_tokens": piece.reply_tokens,
            }
            continue
        outcome.dt_first_token = outcome.dt_first_token or timezone.now()
        log.push(text, filters.feed(piece.text.replace("\x00", "")))  # PostgreSQL stores no NUL
        if filters.is_looping:
            return


async def _record(claimed: ClaimedReply, end: ReplyEnd) -> bool:
    """Store the end; a database that restarts is waited for. False when this writing did not end the reply."""
    for _ in range(FINISH_TRIES):
        try:
            is_stored = await in_database_thread(finish_reply)(claimed.reply_id, claimed.attempt, end)
            if not is_stored:
                logger.warning("reply %s was ended by somebody else", claimed.reply_id)
            return is_stored
        except DataError:
            logger.exception("reply %s cannot be stored as it is", claimed.reply_id)
            end = ReplyEnd(ReplyState.FAILED, error_code="engine_error")
        except (DatabaseError, InterfaceError, OSError) as error:
            logger.warning("reply %s not stored yet (%s)", claimed.reply_id, type(error).__name__)
            await asyncio.sleep(FINISH_RETRY_SECONDS)
    logger.error("reply %s could not be stored; it will be written anew", claimed.reply_id)
    return False


def choose_adapter(claimed: ClaimedReply, engine: Engine) -> str:
    """What the claim settled on, or else the character's, if the engine has it; none under the safety prompt."""
    if not claimed.adapter or claimed.needs_safety:
        return ""
    for adapter in (claimed.adapter, claimed.character.adapter):
        if adapter in engine.adapters:
            return adapter
    logger.warning("engine %s has no adapter %s: %s answers without", engine.lm, claimed.adapter, claimed.character.key)
    return ""


def read_voice(character: Character, adapter: str) -> Voice:
    """Raises PersonaFileError, or OSError where the persona's file is missing."""
    return Voice(
        persona=load_persona(settings.MARY_PROMPTS_FOLDER / character.persona_file),
        sampling=read_sampling(character),
        stop_strings=tuple(character.stop_strings),
        closing_phrase=character.closing_phrase,
        adapter=adapter,
    )


def read_sampling(character: Character) -> Sampling:
    return Sampling(
        temperature=character.temperature,
        top_k=character.top_k,
        top_p=character.top_p,
        min_p=character.min_p,
        repeat_penalty=character.repeat_penalty,
        max_tokens=character.max_tokens,
    )


def _describe(engine: Engine, request: GenerationRequest) -> dict[str, Any]:
    return {
        "engine": engine.name,
        "lm": engine.lm,
        "adapter": request.adapter,
        "prompt_version": request.prompt.version,
        "sampling": asdict(request.sampling),
        "dropped_turns": request.prompt.dropped_turns,
    }
