"""The whole loop as people go through it: talk, thumb, rate and correct, freeze, approve, train, gate, promote, talk.

Everything is done at the product's own doors: the WebSocket, the API, the pages of the admin. The database is only
read, to know when to go on. No step is faked; a good candidate that the gate refuses breaks the story, and it says why.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, Final

import psycopg

from mymary_site.env import REPOSITORY
from tests.flywheel.staff import Staff
from tests.protocol_client import ProtocolClient
from tests.stack_process import Person, StackProcess

TALKS: Final = Path(__file__).parent / "talks.jsonl"
RATE: Final = "/admin/training/reviewitem/rate/"
FINAL_RUN: Final = ("done", "failed", "cancelled")
FINAL_VERDICT: Final = ("passed", "refused", "failed")
PROMPT: Final = "새로 옮긴 팀에서 아직 말 붙일 사람이 없어요. 점심시간이 제일 길게 느껴져요."
"""Said to the old adapter and to the new one."""
BAD_SETTINGS: Final[dict[str, Any]] = {"preset": "starter-sft", "learning_rate": 0.02, "max_steps": 12}
"""A hundred times the preset's rate: what comes out is no Korean any more, and the gate has to say so."""


class StoryBroken(AssertionError):
    """A step did not lead where the product promises."""


@dataclass
class Length:
    """How long a form of the story is. `config`: settings of the good run over its preset."""

    people: int
    has_bad_candidate: bool
    config: dict[str, Any]
    patience_seconds: float = 600.0


@dataclass
class Story:
    stack: StackProcess
    length: Length
    tell: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "tests.flywheel.people", str(self.length.people)]
        made = subprocess.run(
            command, cwd=REPOSITORY, env=self.stack.build_environ(), stdout=subprocess.PIPE, check=True
        )
        people = json.loads(made.stdout)
        self.givers = [Person(**fields) for fields in people["givers"]]
        self.staff = {
            role: Staff(self.stack.origin, login_id, people["password"]) for role, login_id in people["staff"].items()
        }
        talks = [json.loads(line) for line in TALKS.read_text(encoding="utf-8").splitlines()]
        self.talks = [talks[number % len(talks)]["turns"] for number in range(self.length.people)]
        self.better = {turn["message"]: turn["better"] for turns in self.talks for turn in turns}

    def run(self) -> dict[str, Any]:
        with self._step("people talk, and give the answers a thumb down"):
            old_adapter = asyncio.run(self._talk())
        with self._step("an annotator corrects them on the rating page"):
            rated = self._rate()
        with self._step("Celery builds the pairs"):
            # A reply that says a hidden name makes a pair that stays out, and says why.
            self._wait("SELECT count(*) FROM pair", lambda rows: rows[0][0] >= rated)
            pairs = self._read("SELECT count(*) FROM pair WHERE state = 'active'")
        with self._step("a trainer freezes a snapshot, a reviewer approves it"):
            snapshot = self._freeze()
        with self._step("the trainer starts a run; Celery trains it"):
            run = self._train(snapshot, self.length.config)
        with self._step("the gate compares it with the live adapter"):
            evaluation, verdict = self._judge(run)
        self.figures |= {"corrections": rated, "pairs": pairs[0][0], "old_adapter": old_adapter, "verdict": verdict}
        if verdict != "passed":
            raise StoryBroken("the candidate that was to become better was refused, so nothing goes live")
        with self._step("the trainer promotes it; the worker verifies and serves it"):
            new_adapter = self._promote(evaluation)
        with self._step("the same words are answered by the new adapter"):
            self._talk_again(old_adapter, new_adapter, snapshot)
        if self.length.has_bad_candidate:
            with self._step("a bad candidate is trained on purpose"):
                bad_run = self._train(snapshot, BAD_SETTINGS)
            with self._step("the gate refuses it, and so does promotion"):
                self._refuse(bad_run)
        return {"seconds": self.seconds, **self.figures}

    # --- steps ----------------------------------------------------------------------------------------------

    async def _talk(self) -> str:
        """The name of the adapter that answered."""
        clients = [ProtocolClient(self.stack.origin, person, seed=number) for number, person in enumerate(self.givers)]
        pairs = zip(clients, self.talks, strict=True)
        replies = [
            reply
            for talk in await asyncio.gather(*(self._talk_once(client, turns) for client, turns in pairs))
            for reply in talk
        ]
        adapters = self._read("SELECT DISTINCT adapter FROM reply WHERE state = 'done'")
        self.tell(f"{len(replies)} replies by {', '.join(name or 'the bare lm' for (name,) in adapters)}")
        return str(adapters[0][0])

    async def _talk_once(self, client: ProtocolClient, turns: list[dict[str, str]]) -> list[str]:
        replies = []
        async with client.running():
            for turn in turns:
                dialog = await client.send_message(turn["message"])
                reply_id = dialog["replies"][0]["id"]
                await client.wait_for_end(reply_id, self.length.patience_seconds)
                await asyncio.to_thread(self._thumb_down, client.person, reply_id)
                replies.append(reply_id)
        return replies

    def _thumb_down(self, person: Person, reply_id: str) -> None:
        request = urllib.request.Request(
            f"{self.stack.origin}/api/v1/replies/{reply_id}/feedback/",
            json.dumps({"value": "down", "reasons": ["cold"]}).encode(),
            {"Authorization": f"Token {person.token}", "Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=30).close()

    def _rate(self) -> int:
        """Corrects whatever the queue gives, until it is empty."""
        self._call_task("training.tasks.fill_queue")
        wanted = 2 * self.length.people
        self._wait("SELECT count(*) FROM review_item WHERE state = 'open'", lambda rows: rows[0][0] >= wanted)
        annotator = self.staff["annotator"]
        page, rated = annotator.get(RATE), 0
        while (save := re.search(r'data-save="([^"]+)"', page)) is not None:
            better = self._find_better(page)
            answer = annotator.post_json(save[1], {"overall": 4, "correction": better, "seconds": 1})
            page, rated = answer["html"], rated + 1
        self.tell(f"{rated} corrections stored through {RATE}")
        return rated

    def _find_better(self, page: str) -> str:
        shown = re.search(r'bubble--now">.*?</span>(.*?)</div>', page, re.DOTALL)
        if shown is None:
            raise StoryBroken(f"the rating page shows no message: {page[:500]}")
        message = unescape(re.sub(r"<br\s*/?>", "\n", shown[1])).strip()
        return self.better[message]

    def _freeze(self) -> str:
        """The snapshot's id."""
        path, _ = self.staff["trainer"].post("/admin/training/snapshot/build/", character="mary")
        snapshot = _find_id(path)
        self.staff["reviewer"].post(
            f"/admin/training/snapshot/{snapshot}/decide/", decision="approve", note="읽어 봤어요"
        )
        state, digest, counts = self._read(
            "SELECT state, digest, counts FROM snapshot WHERE snapshot_id = %s", snapshot
        )[0]
        if state != "approved":
            raise StoryBroken(f"snapshot {digest[:12]} is {state}, not approved")
        self.tell(f"snapshot {digest[:12]}: {counts['train']} pairs to learn from, {counts['heldout']} held out")
        return snapshot

    def _train(self, snapshot: str, config: dict[str, Any]) -> str:
        """The run's id, once it has ended."""
        others = {name: value for name, value in config.items() if name != "preset"}
        path, _ = self.staff["trainer"].post(
            "/admin/training/trainingrun/start/", snapshot=snapshot, preset=config["preset"], others=json.dumps(others)
        )
        run = _find_id(path)
        rows = self._wait(
            "SELECT state, error_code FROM training_run WHERE training_run_id = %s",
            lambda rows: rows[0][0] in FINAL_RUN,
            run,
        )
        self.tell(f"run {run[:8]}: {' '.join(rows[0]).strip()}")
        if rows[0][0] != "done":
            raise StoryBroken(f"run {run[:8]} did not come to its end")
        return run

    def _judge(self, run: str) -> tuple[str, str]:
        rows = self._wait(
            "SELECT evaluation_id::text, state, reasons, error FROM evaluation WHERE run_id = %s",
            lambda rows: bool(rows) and rows[0][1] in FINAL_VERDICT,
            run,
        )
        evaluation, verdict, reasons, error = rows[0]
        why = ", ".join(str(reason.get("code", reason)) for reason in reasons) or error or "nothing stands against it"
        self.tell(f"evaluation {evaluation[:8]}: {verdict} ({why})")
        page = self.staff["trainer"].get(f"/admin/training/evaluation/{evaluation}/change/")
        if verdict == "failed" or "csrfmiddlewaretoken" not in page:
            raise StoryBroken(f"the gate did not come to a verdict: {error}")
        return evaluation, verdict

    def _promote(self, evaluation: str) -> str:
        """The name of the adapter that serves now."""
        self._ask_to_promote(evaluation)
        sql = """SELECT release.state, adapter.name, release.refusal_code FROM release JOIN adapter USING (adapter_id)
                 JOIN evaluation ON evaluation.candidate_id = adapter.adapter_id WHERE evaluation_id = %s"""
        rows = self._wait(sql, lambda rows: bool(rows) and rows[0][0] in ("live", "refused"), evaluation)
        state, name, refusal = rows[0]
        self.tell(f"{name}: {state} {refusal}".strip())
        if state != "live":
            raise StoryBroken(f"{name} was refused by the worker: {refusal}")
        return str(name)

    def _ask_to_promote(self, evaluation: str) -> None:
        self.staff["trainer"].post(
            f"/admin/training/evaluation/{evaluation}/promote/", reason="관문 통과", canary_percent=0, is_sure="yes"
        )

    def _talk_again(self, old: str, new: str, snapshot: str) -> None:
        client = ProtocolClient(self.stack.origin, self.givers[0], seed=99)
        (reply,) = asyncio.run(self._talk_once(client, [{"message": PROMPT}]))
        adapter, text = self._read("SELECT adapter, text FROM reply WHERE reply_id = %s", reply)[0]
        self.tell(f"“{PROMPT}”\n      {adapter}: {text}")
        if adapter != new or new == old:
            raise StoryBroken(f"{new} should have answered, {adapter} did")
        digest = self._read("SELECT digest FROM snapshot WHERE snapshot_id = %s", snapshot)[0][0]
        page = self.staff["trainer"].get(f"/admin/training/lineage/?reply={reply}")
        missing = [what for what in (new, digest[:12], self.staff["annotator"].login_id) if what not in page]
        if missing:
            raise StoryBroken(f"the lineage page does not show {', '.join(missing)}")
        self.tell("the lineage page names the adapter, its snapshot and its annotator")
        self.figures |= {"new_adapter": new, "reply": text}

    def _refuse(self, run: str) -> None:
        evaluation, verdict = self._judge(run)
        if verdict != "refused":
            raise StoryBroken(f"a candidate that was spoilt on purpose was not refused but {verdict}")
        self._ask_to_promote(evaluation)
        released = self._read(
            "SELECT release_id FROM release JOIN evaluation ON candidate_id = adapter_id WHERE evaluation_id = %s",
            evaluation,
        )
        if released:
            raise StoryBroken("a refused candidate was promoted")
        reasons = self._read("SELECT reasons FROM evaluation WHERE evaluation_id = %s", evaluation)[0][0]
        self.figures["bad_candidate"] = sorted({str(reason.get("code")) for reason in reasons})

    # --- tools ----------------------------------------------------------------------------------------------

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self.tell(f"• {what}")
        began = time.monotonic()
        yield
        self.seconds[what] = round(time.monotonic() - began, 1)
        self.tell(f"    {self.seconds[what]} s")

    def _call_task(self, name: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "mymary_site", "--quiet", "call", name]
        subprocess.run(
            command, cwd=REPOSITORY, env=self.stack.build_environ(), stdout=subprocess.DEVNULL, check=True, timeout=60
        )

    def _read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.database_url, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()

    def _wait(
        self, sql: str, is_reached: Callable[[list[tuple[Any, ...]]], bool], *values: Any
    ) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + self.length.patience_seconds
        while not is_reached(rows := self._read(sql, *values)):
            if time.monotonic() > deadline:
                raise StoryBroken(f"waited {self.length.patience_seconds:.0f} s: {sql} gives {rows}")
            time.sleep(0.5)
        return rows


def _find_id(path: str) -> str:
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", path)
    if found is None:
        raise StoryBroken(f"the page led to {path}, which names no row")
    return found[0]
