"""A socket whose server side the test speaks itself, so that a model can say anything at any split."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import WebSocketRoute

from tests.browser.visitor import PATIENCE_MILLISECONDS, Visitor

FIRST_VERSION = 100
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"


class ScriptedServer:
    """Takes over the visitor's socket; each `stream_reply` is one more turn of the room."""

    def __init__(self, visitor: Visitor, refusals: list[str] | None = None) -> None:
        """`refusals`: codes with which the first attempts to open the room are refused."""
        self.visitor = visitor
        self.received: list[dict[str, Any]] = []
        self._refusals = list(refusals or [])
        self._message_refusal = ""
        self.counsel_id = visitor.page.url.rstrip("/").rsplit("/", 1)[-1]
        self._version = FIRST_VERSION
        self._opened = 0
        visitor.page.route_web_socket("**/ws/v1/", self._accept)
        visitor.page.reload()
        visitor.wait_for_room()
        self.wait_until_opened(1)

    def wait_until_opened(self, times: int) -> None:
        self._wait(lambda: self._opened >= times)

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The newest frame of this type, as soon as there is one."""
        self._wait(lambda: any(frame["type"] == kind for frame in self.received))
        return [frame for frame in self.received if frame["type"] == kind][-1]

    def _wait(self, is_reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_MILLISECONDS / 1000
        while not is_reached():
            assert time.monotonic() < deadline, self.received
            self.visitor.page.wait_for_timeout(20)

    def close(self, code: int) -> None:
        self._route.close(code=code)

    def refuse_messages(self, code: str) -> None:
        self._message_refusal = code

    def send_error(self, ref: str | None, code: str) -> None:
        self._send("error", ref=ref, code=code, message={"ko": "다시 해 주세요.", "en": "Please try again."})

    def _accept(self, route: WebSocketRoute) -> None:
        self._route = route
        route.on_message(self._take)
        limits = {"message_characters": 2000, "frame_bytes": 65536, "messages_per_minute": 30}
        self._send("hello", protocol=1, user_id=str(uuid4()), language="ko", limits=limits)

    def _take(self, message: str | bytes) -> None:
        frame = json.loads(message)
        self.received.append(frame)
        if frame["type"] == "room.open":
            self._open_room(frame["ref"])
        elif frame["type"] == "message.send" and self._message_refusal:
            self.send_error(frame["ref"], self._message_refusal)

    def _open_room(self, ref: str) -> None:
        if self._refusals:
            self.send_error(ref, self._refusals.pop(0))
            return
        room = {"counsel_id": self.counsel_id, "version": FIRST_VERSION, "title": "", "is_ended": False}
        self._send("room.opened", ref=ref, **room)
        self._opened += 1

    def _send(self, kind: str, **fields: Any) -> None:
        self._route.send(json.dumps({"type": kind, **fields}))

    def stream_reply(self, deltas: list[str]) -> None:
        """A new turn whose pieces arrive one by one, each shown before the next; the reply stays unfinished."""
        self._ids = {"reply": str(uuid4()), "dialog": str(uuid4())}
        self._send("dialog.changed", dialog=self._dump_dialog("running"))
        self._send("reply.started", reply_id=self._ids["reply"], attempt=1)
        offset = 0
        for text in deltas:
            self._send("reply.delta", reply_id=self._ids["reply"], attempt=1, offset=offset, text=text)
            offset += len(text)
            self.visitor.page.evaluate(NEXT_FRAME)

    def finish_reply(self, text: str) -> None:
        self._send("dialog.changed", dialog=self._dump_dialog("done", text))
        self.visitor.wait_until_answered()

    def _dump_dialog(self, state: str, text: str = "") -> dict[str, Any]:
        self._version += 1
        now = datetime.now(UTC).isoformat()
        reply = {"id": self._ids["reply"], "number": 1, "state": state, "attempt": 1, "text": text, "error": None}
        times = {"dt_queued": now, "dt_finished": now if text else None}
        head = {
            "id": self._ids["dialog"],
            "counsel_id": self.counsel_id,
            "seq": self._version,
            "version": self._version,
        }
        body = {"dt_dialog": now, "client_msg_id": str(uuid4()), "u_message": "안녕하세요", "ai_message": text}
        chosen = {"chosen_reply_id": self._ids["reply"] if text else None, "crisis": None}
        return {**head, **body, **chosen, "replies": [{**reply, **times, "adapter": "", "lm": "", "feedback": None}]}
