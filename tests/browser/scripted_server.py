"""A socket whose server side the test speaks itself, so that a model can say anything at any split."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import WebSocketRoute

from tests.browser.visitor import Visitor

FIRST_VERSION = 100
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"


class ScriptedServer:
    """Takes over the visitor's socket; each `stream_reply` is one more turn of the room."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.counsel_id = visitor.page.url.rstrip("/").rsplit("/", 1)[-1]
        self._version = FIRST_VERSION
        self._is_open = False
        visitor.page.route_web_socket("**/ws/v1/", self._accept)
        visitor.page.reload()
        visitor.wait_for_room()
        while not self._is_open:
            visitor.page.wait_for_timeout(20)

    def _accept(self, route: WebSocketRoute) -> None:
        self._route = route
        route.on_message(self._take)
        limits = {"message_characters": 2000, "frame_bytes": 65536, "messages_per_minute": 30}
        self._send("hello", protocol=1, user_id=str(uuid4()), language="ko", limits=limits)

    def _take(self, message: str | bytes) -> None:
        if json.loads(message)["type"] == "room.open":
            self._send("room.opened", counsel_id=self.counsel_id, version=FIRST_VERSION, title="", is_ended=False)
            self._is_open = True

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
