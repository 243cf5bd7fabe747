"""A client of docs/protocol.md as a careful stranger would write it, that notes whatever the server does wrong.

It keeps one socket to one room, connects again with backoff and jitter, sends each message under one id until it is
answered, upserts dialogs by version, and joins deltas by offset. Whatever breaks a promise goes to `violations`.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.stack_process import Person

FIRST_BACKOFF_SECONDS: Final = 0.2
LONGEST_BACKOFF_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 6.0
"""Without an answer for so long, the socket is given up and the frame sent again through a new one."""
RETRYABLE: Final = frozenset({"unavailable", "internal", "too_frequent", "room_busy", "queue_full", "too_many_queued"})
LIVE: Final = ("queued", "running")

Frame = dict[str, Any]
Clock = Callable[[], float]


class RequestRefused(Exception):
    """The server answered with a code that no retry changes."""


@dataclass
class Transcript:
    """What this client has been shown of one reply, and how its end came about."""

    reply_id: str
    attempt: int = 0
    text: str = ""
    state: str = "queued"
    error_code: str = ""
    is_whole_by_deltas: bool | None = None  # None: the end is not known yet
    arrivals: list[tuple[float, int]] = field(default_factory=list)  # (clock, code points held then)


@dataclass
class Sending:
    client_msg_id: str
    text: str
    is_accepted: bool = False


class ProtocolClient:
    def __init__(self, origin: str, person: Person, *, seed: int = 0, clock: Clock = time.monotonic) -> None:
        self.origin = origin
        self.person = person
        self.dialogs: dict[str, Frame] = {}
        self.transcripts: dict[str, Transcript] = {}
        self.sendings: list[Sending] = []
        self.violations: list[str] = []
        self.connects = 0
        self.resyncs = 0
        self.errors: list[str] = []
        self._version = 0
        self._clock = clock
        self._random = random.Random(seed)
        self._socket: ClientConnection | None = None
        self._is_open = asyncio.Event()
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    # --- connection -----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ProtocolClient]:
        self._task = asyncio.create_task(self._stay_connected())
        try:
            await self._is_open.wait()
            yield self
        finally:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _stay_connected(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                async with connect(
                    self.origin.replace("http", "ws", 1) + "/ws/v1/",
                    origin=self.origin,  # type: ignore[arg-type]
                    additional_headers={"Authorization": f"Token {self.person.token}"},
                    open_timeout=10,
                    ping_interval=None,
                ) as socket:
                    backoff = FIRST_BACKOFF_SECONDS
                    await self._live(socket)
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage):
                pass  # what comes next is the same for all of them: wait, then connect again
            finally:
                self._is_open.clear()
                self._socket = None
                self._fail_answers()
            await asyncio.sleep(backoff * self._random.uniform(0.5, 1.0))
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)

    async def _live(self, socket: ClientConnection) -> None:
        self.connects += 1
        self._socket = socket
        await self._open_room()
        async for text in socket:
            await self._take(json.loads(text))

    async def _open_room(self) -> None:
        live = [t for t in self.transcripts.values() if t.state in LIVE]
        cursors = [{"reply_id": t.reply_id, "attempt": t.attempt, "offset": len(t.text)} for t in live]
        await self._write(
            {"type": "room.open", "counsel_id": self.person.counsel_id, "version": self._version, "replies": cursors}
        )

    async def _write(self, frame: Frame) -> None:
        if self._socket is None:
            raise ConnectionError("not connected")
        await self._socket.send(json.dumps(frame))

    def _fail_answers(self) -> None:
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionError("the socket closed"))
        self._answers.clear()

    async def drop_connection(self) -> None:
        """Cut the line without a close frame, as a lost network does."""
        if self._socket is not None:
            self._socket.transport.abort()

    # --- requests -------------------------------------------------------------------------------------------

    async def send_message(self, text: str) -> Frame:
        """Send until accepted; the returned dialog holds the queued reply. Raises RequestRefused."""
        sending = Sending(str(uuid4()), text)
        self.sendings.append(sending)
        answer = await self._request(
            {
                "type": "message.send",
                "counsel_id": self.person.counsel_id,
                "client_msg_id": sending.client_msg_id,
                "text": text,
            }
        )
        if answer["client_msg_id"] != sending.client_msg_id or answer["dialog"]["u_message"] != text:
            self._accuse(f"message.accepted answers another message: {answer['client_msg_id']}")
        sending.is_accepted = True
        return dict(answer["dialog"])

    async def regenerate(self, dialog_id: str) -> Frame:
        answer = await self._request(
            {"type": "reply.regenerate", "dialog_id": dialog_id, "client_msg_id": str(uuid4())}
        )
        return dict(answer["dialog"])

    async def stop(self, reply_id: str) -> None:
        with suppress(RequestRefused):  # it ended by itself in between
            await self._request({"type": "reply.stop", "reply_id": reply_id})

    async def _request(self, frame: Frame) -> Frame:
        while True:
            ref = uuid4().hex
            try:
                async with asyncio.timeout(ANSWER_SECONDS + 10):
                    await self._is_open.wait()
                future = self._answers[ref] = asyncio.get_running_loop().create_future()
                await self._write(frame | {"ref": ref})
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await future
            except (ConnectionError, ConnectionClosed):
                await asyncio.sleep(0.1)
                continue
            except TimeoutError:
                await self.drop_connection()
                continue
            finally:
                self._answers.pop(ref, None)
            if answer["type"] != "error":
                return answer
            self.errors.append(answer["code"])
            if answer["code"] not in RETRYABLE:
                raise RequestRefused(answer["code"])
            await asyncio.sleep(min(float(answer.get("retry_after_seconds", 0.3)), 2.0))

    async def wait_for_end(self, reply_id: str, timeout_seconds: float) -> Transcript:
        """Until this reply is done, stopped or failed. Raises TimeoutError."""
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: self._is_ended(reply_id))
        return self.transcripts[reply_id]

    def _is_ended(self, reply_id: str) -> bool:
        transcript = self.transcripts.get(reply_id)
        return transcript is not None and transcript.state not in LIVE

    # --- frames from the server -----------------------------------------------------------------------------

    async def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "room.opened":
                self._is_open.set()
            case "room.resync":
                await self._resync()
            case "dialog.changed":
                await self._upsert(frame["dialog"])
            case "message.accepted" | "reply.queued":
                await self._upsert(frame["dialog"])
            case "reply.started":
                self._start(self._transcript(frame["reply_id"]), frame["attempt"])
            case "reply.delta":
                self._join(self._transcript(frame["reply_id"]), frame)
        future = self._answers.get(frame.get("ref") or "")
        if future is not None and not future.done():
            future.set_result(frame)

    def _transcript(self, reply_id: str) -> Transcript:
        return self.transcripts.setdefault(reply_id, Transcript(reply_id))

    def _start(self, transcript: Transcript, attempt: int) -> None:
        if attempt > transcript.attempt:
            transcript.attempt, transcript.text = attempt, ""

    def _join(self, transcript: Transcript, delta: Frame) -> None:
        if transcript.state not in LIVE:
            self._accuse(f"delta for ended reply {transcript.reply_id}")
            return
        if delta["attempt"] != transcript.attempt:
            self._accuse(f"delta of attempt {delta['attempt']} in attempt {transcript.attempt} without reply.started")
        if delta["offset"] != len(transcript.text):
            kind = "gap" if delta["offset"] > len(transcript.text) else "repeated text"
            self._accuse(f"{kind} at {delta['offset']}, held {len(transcript.text)}: reply {transcript.reply_id}")
            return
        transcript.text += delta["text"]
        transcript.arrivals.append((self._clock(), len(transcript.text)))

    async def _upsert(self, dialog: Frame) -> None:
        held = self.dialogs.get(dialog["id"])
        if held is not None and held["version"] > dialog["version"]:
            return
        self.dialogs[dialog["id"]] = dialog
        self._version = max(self._version, dialog["version"])
        for reply in dialog["replies"]:
            self._settle(self._transcript(reply["id"]), reply)
        async with self._changed:
            self._changed.notify_all()

    def _settle(self, transcript: Transcript, reply: Frame) -> None:
        """Take over a reply's state; at its end compare what was streamed with what is stored."""
        if reply["state"] in LIVE or transcript.state not in LIVE:
            if transcript.state not in LIVE and transcript.state != reply["state"]:
                self._accuse(f"reply {transcript.reply_id} went from {transcript.state} to {reply['state']}")
            return
        is_same_attempt = reply["attempt"] == transcript.attempt
        transcript.is_whole_by_deltas = is_same_attempt and transcript.text == reply["text"]
        is_written = reply["state"] in ("done", "stopped")
        if is_written and is_same_attempt and not reply["text"].startswith(transcript.text):
            self._accuse(f"reply {transcript.reply_id} streamed {transcript.text!r}, stored {reply['text']!r}")
        transcript.state = reply["state"]
        transcript.error_code = (reply["error"] or {}).get("code", "")
        transcript.attempt, transcript.text = reply["attempt"], reply["text"]

    async def _resync(self) -> None:
        """Reload the room by REST, as the contract asks, then open it again."""
        self.resyncs += 1
        page = await self.read_dialogs()
        for dialog in page["dialogs"]:
            await self._upsert(dialog)
        self._version = page["version"]
        await self._open_room()

    async def read_dialogs(self) -> Frame:
        """The newest page of the room, from the record."""
        return await self.get(f"/api/v1/counsels/{self.person.counsel_id}/dialogs/?limit=100")

    async def get(self, path: str) -> Frame:
        request = urllib.request.Request(self.origin + path, headers={"Authorization": f"Token {self.person.token}"})
        for _ in range(20):
            try:
                return await asyncio.to_thread(_read_json, request)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise
            except OSError:
                pass  # the web process is away; it comes back
            await asyncio.sleep(0.5)
        raise TimeoutError(path)

    def _accuse(self, what: str) -> None:
        self.violations.append(what)


def _read_json(request: urllib.request.Request) -> Frame:
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))
